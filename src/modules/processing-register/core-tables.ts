import { all, type Described } from './described.ts'

const author = 'auteur et date'
const hidden = 'date, auteur et motif du masquage'
const identity = 'nom et prénoms'

// The tables as the migrations make them: a test compares every table and column of a live database with this list, so
// that a new one cannot be stored without being told to the authority.
export const ofCore: Record<string, Described> = {
  'establishment.patient': {
    about: 'patients',
    purpose: 'reconnaître le patient et tenir son dossier',
    data: {
      ...all('numéro de dossier', 'file_year', 'file_number'),
      ...all(identity, 'family_name', 'given_name', 'search_key'),
      sex: 'sexe',
      ...all(
        'date de naissance ou âge estimé',
        'birth_precision',
        'birth_date',
        'estimate_value',
        'estimate_unit',
        'estimate_on',
        'born_from',
        'born_to',
      ),
      ...all('téléphone et son titulaire', 'phone', 'phone_owner'),
      ...all('village ou quartier', 'village', 'village_key'),
      mother_name: 'nom de la mère',
      nina: 'numéro d’identification nationale (NINA)',
      amo_number: 'numéro d’assurance maladie (AMO)',
      allergies: 'allergies',
      ...all('marque de dossier sensible', 'sensitive', 'sensitive_at'),
      ...all(author, 'created_at', 'created_by', 'created_by_name', 'updated_at'),
      ...all(hidden, 'hidden_at', 'hidden_by', 'hidden_reason'),
    },
  },
  'establishment.consultation': {
    about: 'patients',
    purpose: 'soigner le patient et suivre ses soins',
    data: {
      date: 'date de la consultation',
      ...all('prescripteur', 'practitioner_name', 'practitioner_key'),
      ...all('service et spécialité', 'service_id', 'specialty_id'),
      reason: 'motif',
      ...all('diagnostic et codes CIM-10', 'diagnosis', 'codes', 'main_category', 'search_key'),
      case_type: 'nouveau cas ou ancien cas',
      examinations: 'examens et résultats',
      treatment: 'traitement',
      notes: 'observations',
      ...all(
        'constantes (température, tension, pouls, respiration, SpO2, poids, taille, périmètre brachial)',
        'temperature',
        'systolic',
        'diastolic',
        'pulse',
        'respiration',
        'spo2',
        'weight',
        'height',
        'muac',
      ),
      outcome: 'issue',
      ...all(author, 'created_by_id', 'created_by_name', 'created_at', 'updated_at'),
      ...all(hidden, 'hidden_at', 'hidden_by', 'hidden_reason'),
    },
  },
  'establishment.record_version': {
    about: 'patients',
    purpose: 'garder la trace de chaque correction',
    data: {
      ...all('chaque version d’un dossier, d’une consultation', 'action', 'data'),
      ...all('auteur, date et motif', 'at', 'by_id', 'by_name', 'reason'),
    },
  },
  'establishment.patient_opposition': {
    about: 'patients',
    purpose: 'respecter l’opposition du patient au partage',
    data: {
      scope: 'partage refusé',
      ...all('date et motif', 'since', 'reason'),
      ...all(author, 'recorded_at', 'recorded_by_id', 'recorded_by_name'),
    },
  },
  'establishment.opposition_withdrawal': {
    about: 'patients',
    purpose: 'respecter l’opposition du patient au partage',
    data: { ...all('retrait de l’opposition : date, auteur et motif', 'at', 'by_id', 'by_name', 'reason') },
  },
  'establishment.care_team': {
    about: 'staff',
    purpose: 'réserver un dossier sensible à l’équipe soignante',
    data: {
      ...all('membre de l’équipe', 'user_id', 'user_name', 'origin', 'reason', 'since'),
      ...all(author, 'added_by', 'added_by_name', 'removed_at', 'removed_by', 'removed_by_name', 'removed_reason'),
    },
  },
  'establishment.break_glass': {
    about: 'staff',
    purpose: 'contrôler l’ouverture en urgence d’un dossier sensible',
    data: {
      ...all('personne, rôle et motif', 'user_id', 'user_name', 'user_role', 'reason'),
      ...all('début et fin', 'opened_at', 'expires_at'),
      ...all('contrôle par l’administrateur', 'reviewed_at', 'reviewed_by', 'reviewed_by_name', 'remark', 'admitted'),
    },
  },
  'establishment.import_run': {
    about: 'patients',
    purpose: 'reprendre les registres existants',
    data: {
      ...all(
        'registre, nom du fichier et compte rendu de la reprise',
        'register',
        'file_name',
        'dry_run',
        'report',
        'header',
      ),
      ...all(author, 'created_at', 'created_by_id', 'created_by_name'),
    },
  },
  'establishment.import_refused_line': {
    about: 'patients',
    purpose: 'reprendre les registres existants',
    data: { ...all('lignes refusées, telles qu’écrites dans le registre', 'line', 'column_name', 'message', 'cells') },
  },
  'establishment.import_line': { about: 'technical', purpose: 'ne pas reprendre deux fois la même ligne', data: {} },
  'establishment.import_gate': { about: 'technical', purpose: 'une reprise de registre à la fois', data: {} },
  'establishment.file_counter': { about: 'technical', purpose: 'numéroter les dossiers', data: {} },
  'establishment.service': {
    about: 'establishments',
    purpose: 'tenir les listes de l’établissement',
    data: { ...all('services', 'name', 'name_key', 'head', 'unit', 'capacity') },
  },
  'establishment.specialty': {
    about: 'establishments',
    purpose: 'tenir les listes de l’établissement',
    data: { ...all('spécialités', 'name', 'name_key') },
  },
  'establishment.idempotency_key': {
    about: 'patients',
    purpose: 'ne pas enregistrer deux fois le même envoi',
    data: { ...all('dernière réponse à un enregistrement', 'body') },
  },
  'platform.idempotency_key': {
    about: 'staff',
    purpose: 'ne pas enregistrer deux fois le même envoi',
    data: { ...all('dernière réponse à un enregistrement', 'body') },
  },
  'platform.account': {
    about: 'staff',
    purpose: 'identifier le personnel',
    data: {
      ...all('identifiant et nom', 'username', 'display_name'),
      ...all('courriel et téléphone', 'email', 'phone'),
      ...all('empreinte du mot de passe', 'password_hash', 'password_changed_at'),
      ...all('rôle et état du compte', 'platform_role', 'status'),
      last_login_at: 'dernière connexion',
    },
  },
  'platform.membership': {
    about: 'staff',
    purpose: 'dire qui travaille où, et avec quels droits',
    data: { role: 'rôle dans l’établissement' },
  },
  'platform.session': {
    about: 'staff',
    purpose: 'tenir les connexions ouvertes',
    data: {
      ...all(
        'connexions : dates, rôle, navigateur',
        'created_at',
        'last_used_at',
        'role',
        'user_agent',
        'revoked_at',
        'revoked_reason',
      ),
    },
  },
  'platform.second_factor': {
    about: 'staff',
    purpose: 'vérifier l’identité par un second facteur',
    data: {
      ...all('secret chiffré du second facteur', 'secret', 'pending_secret'),
      ...all('dates d’emploi', 'confirmed_at', 'last_used_at', 'reset_at'),
    },
  },
  'platform.recovery_code': {
    about: 'staff',
    purpose: 'vérifier l’identité par un second facteur',
    data: { ...all('empreintes des codes de secours', 'code_hash', 'used_at') },
  },
  'platform.login_challenge': { about: 'technical', purpose: 'terminer une connexion à deux facteurs', data: {} },
  'platform.login_attempt': {
    about: 'technical',
    purpose: 'freiner les essais de mots de passe (empreintes seulement)',
    data: {},
  },
  'platform.activation': {
    about: 'technical',
    purpose: 'ouvrir un compte par un lien à usage unique (empreinte)',
    data: {},
  },
  'platform.establishment': {
    about: 'establishments',
    purpose: 'tenir l’annuaire des établissements',
    data: {
      modules: 'modules activés',
      ...all('nom, type et lieu', 'name', 'type', 'region', 'cercle', 'health_district'),
      ...all('état et motif', 'status', 'status_reason'),
    },
  },
  'platform.prepared': { about: 'technical', purpose: 'tenir des établissements prêts d’avance', data: {} },
  'platform.backup_run': { about: 'technical', purpose: 'savoir quand la dernière sauvegarde a réussi', data: {} },
  'platform.directory_version': { about: 'technical', purpose: 'prévenir chaque processus d’un changement', data: {} },
  'platform.signing_key': { about: 'technical', purpose: 'signer les jetons (clés chiffrées)', data: {} },
  'platform.installation': { about: 'technical', purpose: 'distinguer les installations', data: {} },
  'platform.platform_migration': { about: 'technical', purpose: 'mettre la base à niveau', data: {} },
  'platform.tenant_migration': { about: 'technical', purpose: 'mettre la base à niveau', data: {} },
  'platform.tenant_migration_file': { about: 'technical', purpose: 'mettre la base à niveau', data: {} },
  'audit.entry': {
    about: 'staff',
    purpose: 'savoir qui a vu, écrit, copié ou imprimé quel dossier',
    data: {
      ...all('personne et rôle', 'actor_id', 'actor_name', 'actor_role'),
      at: 'date et heure',
      ...all(
        'geste, dossiers concernés, résultat et motif',
        'action',
        'resource',
        'patients',
        'outcome',
        'reason',
        'detail',
      ),
      ip: 'adresse réseau du poste',
    },
  },
  'audit.seal': { about: 'technical', purpose: 'prouver que le journal n’a pas été modifié', data: {} },
  'audit.restored': { about: 'technical', purpose: 'prouver d’où vient un journal restauré', data: {} },
  'reference.icd10': { about: 'technical', purpose: 'la nomenclature CIM-10', data: {} },
}
