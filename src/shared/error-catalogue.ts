import type { ModuleErrors } from './module-types.ts'
import { text, type Text } from './text.ts'

export type ErrorEntry = { readonly status: number; readonly title: Text; readonly detail: Text }

const coreErrors = {
  // --- requests -----------------------------------------------------------------------------------------------------
  invalid_input: {
    status: 400,
    title: text('Saisie refusée', 'Invalid input'),
    detail: text(
      'Un ou plusieurs champs ne conviennent pas ; « errors » les nomme et dit ce qui serait juste.',
      'One or more fields are not valid; "errors" names them and says what would be right.',
    ),
  },
  invalid_json: {
    status: 400,
    title: text('JSON illisible', 'Unreadable JSON'),
    detail: text(
      "Le corps de la requête n'est pas un JSON valide en UTF-8, de 20 niveaux au plus.",
      'The request body is not valid UTF-8 JSON of at most 20 levels.',
    ),
  },
  invalid_cursor: {
    status: 400,
    title: text('Curseur invalide', 'Invalid cursor'),
    detail: text(
      'Reprenez « nextCursor » tel quel, avec les mêmes filtres, ou recommencez sans curseur.',
      'Send "nextCursor" as it was given, with the same filters, or start again without a cursor.',
    ),
  },
  invalid_if_match: {
    status: 400,
    title: text('En-tête If-Match invalide', 'Invalid If-Match header'),
    detail: text(
      'If-Match contient la version lue, par exemple If-Match: "3".',
      'If-Match holds the version that was read, for example If-Match: "3".',
    ),
  },
  invalid_idempotency_key: {
    status: 400,
    title: text('Clé Idempotency-Key invalide', 'Invalid Idempotency-Key'),
    detail: text(
      'La clé compte de 1 à 255 caractères ASCII visibles, par exemple un UUID.',
      'The key has 1 to 255 visible ASCII characters, for example a UUID.',
    ),
  },
  not_found: {
    status: 404,
    title: text('Introuvable', 'Not found'),
    detail: text("Cette adresse ou cet enregistrement n'existe pas.", 'This address or record does not exist.'),
  },
  module_needed: {
    status: 409,
    title: text('Module nécessaire à un autre', 'Module that another one needs'),
    detail: text(
      'Un module ne peut être activé sans ceux dont il a besoin : activez-les ensemble, ou désactivez-les ensemble.',
      'A module cannot be on without those that it needs: switch them on together, or off together.',
    ),
  },
  module_in_use: {
    status: 409,
    title: text('Module encore utilisé', 'Module in use'),
    detail: text(
      'Ce module ne peut être désactivé : ce qui y est en cours doit d’abord être terminé.',
      'This module cannot be switched off: what goes on in it must be ended first.',
    ),
  },
  module_disabled: {
    status: 404,
    title: text('Module non activé', 'Module switched off'),
    detail: text(
      'Ce module n’est pas activé dans votre établissement : l’administration de la plateforme peut l’activer.',
      'This module is not switched on in your establishment: the platform’s administration can switch it on.',
    ),
  },
  request_unreadable: {
    status: 400,
    title: text('Requête illisible', 'Unreadable request'),
    detail: text('Ce qui est arrivé n’est pas une requête HTTP.', 'What arrived is not an HTTP request.'),
  },
  request_timeout: {
    status: 408,
    title: text('Requête trop lente', 'Request too slow'),
    detail: text(
      'La requête n’est pas arrivée entière à temps : renvoyez-la.',
      'The request did not arrive whole in time: send it again.',
    ),
  },
  headers_too_large: {
    status: 431,
    title: text('En-têtes trop longs', 'Headers too large'),
    detail: text(
      'L’adresse et les en-têtes ensemble comptent au plus 16 Ko.',
      'The address and the headers together hold at most 16 KB.',
    ),
  },
  payload_too_large: {
    status: 413,
    title: text('Envoi trop volumineux', 'Payload too large'),
    detail: text('Le corps de la requête dépasse la taille admise.', 'The request body exceeds the allowed size.'),
  },
  unsupported_media_type: {
    status: 415,
    title: text('Type de contenu non admis', 'Unsupported media type'),
    detail: text(
      'Cette adresse attend un autre Content-Type, le plus souvent application/json.',
      'This address expects another Content-Type, usually application/json.',
    ),
  },
  version_required: {
    status: 428,
    title: text('Version requise', 'Version required'),
    detail: text(
      'Envoyez If-Match avec la version lue, pour ne pas écraser la saisie de quelqu’un d’autre.',
      'Send If-Match with the version that was read, so that nobody else’s change is overwritten.',
    ),
  },
  version_stale: {
    status: 412,
    title: text('Version dépassée', 'Stale version'),
    detail: text(
      "L'enregistrement a changé depuis la lecture : relisez-le puis reprenez la modification.",
      'The record has changed since it was read: read it again, then redo the change.',
    ),
  },
  idempotency_key_reused: {
    status: 422,
    title: text('Clé déjà employée', 'Key already used'),
    detail: text(
      'Cette Idempotency-Key a servi à une autre demande : prenez-en une nouvelle.',
      'This Idempotency-Key was used for another request: take a new one.',
    ),
  },
  id_already_used: {
    status: 409,
    title: text('Identifiant déjà employé', 'Identifier already used'),
    detail: text(
      'Un autre enregistrement porte cet identifiant : choisissez un autre UUID.',
      'Another record has this identifier: choose another UUID.',
    ),
  },
  conflict: {
    status: 409,
    title: text('Conflit', 'Conflict'),
    detail: text(
      "La demande contredit l'état présent des données.",
      'The request conflicts with the present state of the data.',
    ),
  },
  too_many_requests: {
    status: 429,
    title: text('Trop de demandes', 'Too many requests'),
    detail: text('Attendez le délai indiqué par Retry-After.', 'Wait for the delay given by Retry-After.'),
  },
  too_many_attempts: {
    status: 429,
    title: text('Trop d’essais', 'Too many attempts'),
    detail: text(
      'Le mot de passe n’a pas été examiné : attendez le délai indiqué par Retry-After. Un appareil où cette personne s’est déjà connectée n’attend qu’après dix erreurs faites sur cet appareil même.',
      'The password was not looked at: wait for the delay given by Retry-After. A device on which this person has logged in before waits only after ten wrong tries of its own.',
    ),
  },
  // --- the server's own state -------------------------------------------------------------------------------------------
  internal: {
    status: 500,
    title: text('Erreur interne', 'Internal error'),
    detail: text(
      "L'opération a échoué et rien n'a été enregistré. Signalez « requestId » à votre administrateur.",
      'The operation failed and nothing was stored. Give "requestId" to your administrator.',
    ),
  },
  database_unavailable: {
    status: 503,
    title: text('Base de données indisponible', 'Database unavailable'),
    detail: text(
      "La base de données ne répond pas ; rien n'a été enregistré. Réessayez dans quelques secondes.",
      'The database does not answer; nothing was stored. Try again in a few seconds.',
    ),
  },
  audit_unavailable: {
    status: 503,
    title: text('Journal indisponible', 'Record unavailable'),
    detail: text(
      'Cet accès ne peut pas être inscrit au journal : rien n’est montré. Réessayez dans quelques secondes.',
      'This access cannot be put on record: nothing is shown. Try again in a few seconds.',
    ),
  },
  outcome_unknown: {
    status: 503,
    title: text('Issue inconnue', 'Outcome unknown'),
    detail: text(
      'La connexion a été coupée ou la réponse a trop tardé pendant l’enregistrement. Répétez la même demande avec la même Idempotency-Key ou, si elle n’en avait pas, avec requestId pour Idempotency-Key : rien n’est enregistré deux fois.',
      'The connection was lost, or the answer took too long, while storing. Repeat the same request with the same Idempotency-Key or, if it had none, with requestId as its Idempotency-Key: nothing is stored twice.',
    ),
  },
  busy: {
    status: 503,
    title: text('Serveur occupé', 'Server busy'),
    detail: text('Le serveur est très sollicité : réessayez.', 'The server is busy: try again.'),
  },
  timeout: {
    status: 504,
    title: text('Délai dépassé', 'Timed out'),
    detail: text(
      "L'opération a pris trop de temps et a été abandonnée ; rien n'a été enregistré.",
      'The operation took too long and was abandoned; nothing was stored.',
    ),
  },
  directory_stale: {
    status: 503,
    title: text('Annuaire non vérifiable', 'Directory cannot be verified'),
    detail: text(
      'Les droits ne peuvent pas être vérifiés pour le moment : réessayez dans quelques secondes.',
      'Rights cannot be verified for the moment: try again in a few seconds.',
    ),
  },
  // --- sessions and rights ----------------------------------------------------------------------------------------------
  account_disabled: {
    status: 401,
    title: text('Compte désactivé', 'Account disabled'),
    detail: text(
      'Ce compte est désactivé : adressez-vous à votre administrateur.',
      'This account is disabled: ask your administrator.',
    ),
  },
  activation_invalid: {
    status: 400,
    title: text('Lien invalide', 'Invalid link'),
    detail: text(
      "Ce lien a déjà servi, a expiré ou n'existe pas : demandez-en un nouveau.",
      'This link was used, has expired or does not exist: ask for a new one.',
    ),
  },
  challenge_invalid: {
    status: 401,
    title: text('Connexion à recommencer', 'Log in again'),
    detail: text(
      'Le délai de cinq minutes est passé, le code a été faux cinq fois, ou le mot de passe a changé : reconnectez-vous.',
      'The five minutes are over, the code was wrong five times, or the password has changed: log in again.',
    ),
  },
  code_wrong: {
    status: 403,
    title: text('Code refusé', 'Code refused'),
    detail: text(
      'Le code est faux ou a déjà servi : attendez le suivant ; rien n’a changé.',
      'The code is wrong or was used already: wait for the next one; nothing has changed.',
    ),
  },
  current_password_wrong: {
    status: 403,
    title: text('Mot de passe actuel inexact', 'Current password wrong'),
    detail: text(
      'Le mot de passe actuel ne convient pas ; rien n’a changé.',
      'The current password is not right; nothing has changed.',
    ),
  },
  invalid_credentials: {
    status: 401,
    title: text('Connexion refusée', 'Login refused'),
    detail: text(
      "Le nom d'utilisateur ou le mot de passe ne convient pas.",
      'The username or the password is not right.',
    ),
  },
  invalid_grant: {
    status: 400,
    title: text('Connexion refusée', 'Login refused'),
    detail: text(
      "Le nom d'utilisateur, le mot de passe ou le jeton de renouvellement ne convient pas (RFC 6749, « invalid_grant »).",
      'The username, the password or the refresh token is not right (RFC 6749, "invalid_grant").',
    ),
  },
  membership_missing: {
    status: 403,
    title: text('Pas de rôle dans cet établissement', 'No role in this establishment'),
    detail: text(
      "Vous n'exercez pas dans cet établissement, ou pas sous ce rôle.",
      'You do not work in this establishment, or not under this role.',
    ),
  },
  refresh_invalid: {
    status: 401,
    title: text('Renouvellement refusé', 'Refresh refused'),
    detail: text(
      'Ce jeton de renouvellement est inconnu ou expiré : reconnectez-vous.',
      'This refresh token is unknown or has expired: log in again.',
    ),
  },
  refresh_reused: {
    status: 401,
    title: text('Jeton déjà remplacé', 'Token already replaced'),
    detail: text(
      "Ce jeton de renouvellement avait déjà été remplacé : par prudence la session est fermée. Reconnectez-vous ; si ce n'était pas vous, changez de mot de passe.",
      'This refresh token had already been replaced: to be safe the session is closed. Log in again; if it was not you, change your password.',
    ),
  },
  right_missing: {
    status: 403,
    title: text('Droit manquant', 'Right missing'),
    detail: text('Votre rôle ne permet pas cette opération.', 'Your role does not allow this operation.'),
  },
  second_factor_absent: {
    status: 409,
    title: text('Pas de second facteur', 'No second factor'),
    detail: text('Ce compte n’a pas de second facteur.', 'This account has no second factor.'),
  },
  second_factor_enrolment_required: {
    status: 403,
    title: text('Second facteur à enregistrer', 'Second factor to be enrolled'),
    detail: text(
      'Votre rôle demande un second facteur : enregistrez-le d’abord par POST /api/v1/auth/totp.',
      'Your role demands a second factor: enrol one first by POST /api/v1/auth/totp.',
    ),
  },
  second_factor_mandatory: {
    status: 403,
    title: text('Second facteur obligatoire', 'Second factor mandatory'),
    detail: text(
      'L’un de vos rôles demande un second facteur : vous pouvez en changer, pas y renoncer.',
      'One of your roles demands a second factor: you may replace it, not give it up.',
    ),
  },
  second_factor_not_begun: {
    status: 409,
    title: text('Enregistrement à recommencer', 'Begin the enrolment again'),
    detail: text(
      'Aucun enregistrement n’est en cours, ou il date de plus d’une demi-heure : recommencez par POST /api/v1/auth/totp.',
      'No enrolment is under way, or it is more than half an hour old: begin again by POST /api/v1/auth/totp.',
    ),
  },
  second_factor_not_for_demo: {
    status: 403,
    title: text('Compte de démonstration', 'Demonstration account'),
    detail: text(
      'Un compte de démonstration, connu de tous, n’a pas de second facteur.',
      'A demonstration account, known to all, has no second factor.',
    ),
  },
  second_factor_required: {
    status: 401,
    title: text('Code demandé', 'Code required'),
    detail: text(
      'Le mot de passe convient. Envoyez « challenge » et le code de votre application, ou un code de secours, à POST /api/v1/auth/second-factor.',
      'The password is right. Send "challenge" and the code of your application, or a recovery code, to POST /api/v1/auth/second-factor.',
    ),
  },
  second_factor_reset_refused: {
    status: 403,
    title: text('Second facteur à rétablir autrement', 'Second factor to be restored otherwise'),
    detail: text(
      'Pour le vôtre, servez-vous d’un code de secours ; celui d’un SUPER_ADMIN se rétablit à la console du serveur.',
      'For your own, use a recovery code; that of a SUPER_ADMIN is reset at the server console.',
    ),
  },
  second_factor_wrong: {
    status: 401,
    title: text('Code refusé', 'Code refused'),
    detail: text(
      'Le code est faux ou a déjà servi : attendez le suivant.',
      'The code is wrong or was used already: wait for the next one.',
    ),
  },
  session_closed: {
    status: 401,
    title: text('Session fermée', 'Session closed'),
    detail: text('Cette session est terminée : reconnectez-vous.', 'This session has ended: log in again.'),
  },
  token_expired: {
    status: 401,
    title: text('Jeton expiré', 'Token expired'),
    detail: text("Le jeton d'accès a expiré : renouvelez-le.", 'The access token has expired: refresh it.'),
  },
  token_invalid: {
    status: 401,
    title: text('Jeton invalide', 'Invalid token'),
    detail: text("Le jeton d'accès n'est pas valable ici.", 'The access token is not valid here.'),
  },
  token_stale: {
    status: 401,
    title: text('Jeton dépassé', 'Stale token'),
    detail: text(
      "Vos droits ou votre mot de passe ont changé depuis ce jeton d'accès : renouvelez-le.",
      'Your rights or your password have changed since this access token: refresh it.',
    ),
  },
  token_missing: {
    status: 401,
    title: text('Connexion requise', 'Login required'),
    detail: text(
      "Envoyez « Authorization: Bearer » avec votre jeton d'accès.",
      'Send "Authorization: Bearer" with your access token.',
    ),
  },
  // --- accounts and establishments --------------------------------------------------------------------------------------
  account_not_activated: {
    status: 409,
    title: text('Compte pas encore activé', 'Account not activated yet'),
    detail: text(
      "Cette personne n'a pas encore choisi son mot de passe ; l’invitation pourra suivre.",
      'This person has not chosen a password yet; an invitation can follow then.',
    ),
  },
  establishment_not_found: {
    status: 404,
    title: text('Établissement introuvable', 'Establishment not found'),
    detail: text(
      "Cet établissement n'existe pas, ou n'est pas le vôtre.",
      'This establishment does not exist, or is not yours.',
    ),
  },
  last_administrator: {
    status: 409,
    title: text('Dernier administrateur', 'Last administrator'),
    detail: text(
      "L'établissement garde au moins un administrateur actif : nommez-en un autre d'abord.",
      'The establishment keeps at least one active administrator: appoint another one first.',
    ),
  },
  other_reset_pending: {
    status: 409,
    title: text('Pas les deux à la fois', 'Not both at once'),
    detail: text(
      'La plateforme ne rétablit pas à la fois le mot de passe et le second facteur d’une même personne : il faut la console du serveur.',
      'The platform does not restore both the password and the second factor of a person: the server console is needed.',
    ),
  },
  person_belongs_elsewhere: {
    status: 403,
    title: text('Cette personne relève aussi d’ailleurs', 'This person belongs elsewhere too'),
    detail: text(
      "Son identité, son mot de passe et son compte ne relèvent que d'elle-même ou de l'administration de la plateforme.",
      'Identity, password and account are the business of that person or of the administrators of the platform only.',
    ),
  },
  role_not_grantable: {
    status: 403,
    title: text('Rôle qui ne peut être donné', 'Role that cannot be granted'),
    detail: text(
      "Ce rôle dépasse le vôtre, ne convient pas à ce type d'établissement, ou ne peut pas être donné à cette personne.",
      'This role is above yours, does not fit this type of establishment, or cannot be given to this person.',
    ),
  },
  slug_taken: {
    status: 409,
    title: text('Identifiant déjà pris', 'Slug taken'),
    detail: text(
      'Un établissement porte ou a porté cet identifiant : choisissez-en un autre.',
      'An establishment has or had this slug: choose another one.',
    ),
  },
  status_change_refused: {
    status: 409,
    title: text('Changement d’état impossible', 'Change of status refused'),
    detail: text(
      "L'établissement ne peut pas passer de son état présent à celui-ci.",
      'The establishment cannot go from its present status to this one.',
    ),
  },
  user_not_found: {
    status: 404,
    title: text('Personne introuvable', 'User not found'),
    detail: text(
      "Cette personne n'existe pas, ou n'est pas de votre établissement.",
      'This person does not exist, or is not of your establishment.',
    ),
  },
  username_taken: {
    status: 409,
    title: text('Nom d’utilisateur déjà pris', 'Username taken'),
    detail: text(
      'Ce nom d’utilisateur existe. Pour inviter cette personne, renvoyez la demande avec « existing: true ».',
      'This username exists. To invite this person, send the request again with "existing: true".',
    ),
  },
  establishment_suspended: {
    status: 403,
    title: text('Établissement suspendu', 'Establishment suspended'),
    detail: text(
      "L'accès à cet établissement est suspendu. Adressez-vous à l'administration de la plateforme.",
      'Access to this establishment is suspended. Ask the administrators of the platform.',
    ),
  },
  establishment_archived: {
    status: 403,
    title: text('Établissement archivé', 'Establishment archived'),
    detail: text(
      'Cet établissement est archivé : on ne peut plus y travailler.',
      'This establishment is archived: no more work can be done in it.',
    ),
  },
  establishment_not_ready: {
    status: 503,
    title: text('Établissement en préparation', 'Establishment being prepared'),
    detail: text(
      'Cet établissement est en cours de préparation : réessayez.',
      'This establishment is being prepared: try again.',
    ),
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof coreErrors | keyof ModuleErrors

// A code that a module declares is there once the module is loaded, and nobody else can name it.
const entries: Record<string, ErrorEntry> = { ...coreErrors }

/** The one list of what the API refuses and with which words: docs/errors.md is compared with it by a test. */
export const errorCatalogue = entries as Readonly<Record<ErrorCode, ErrorEntry>>

/** Adds a module's codes (platform/modules). @throws Error for one that is there already */
export function addErrors(added: Readonly<Record<string, ErrorEntry>>): void {
  for (const [code, entry] of Object.entries(added)) {
    if (code in entries) throw new Error(`the error ${code} is declared twice`)
    entries[code] = entry
  }
}
