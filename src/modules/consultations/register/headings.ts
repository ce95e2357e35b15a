import { sharedHeadings } from '../../exchange/index.ts'

/** The columns of a consultation register besides those of every register. */
export const consultationHeadings = {
  number: [...sharedHeadings.number, 'N° consultation'],
  date: [
    'Date',
    'Date consultation',
    'Date de consultation',
    'Date de la consultation',
    'Date visite',
    'Date de visite',
    'Jour',
  ],
  reason: ['Motif', 'Motif de consultation', 'Motif consultation', 'Plainte', 'Plaintes', 'Symptômes', 'Signes'],
  diagnosis: ['Diagnostic', 'Diagnostics', 'Diagnostic retenu', 'Diagnostic principal', 'Maladie', 'Affection'],
  caseType: ['NC/AC', 'AC/NC', 'NC', 'Cas', 'Type de cas', 'Nouveau cas/Ancien cas', 'Nouveau/Ancien'],
  practitioner: ['Prescripteur', 'Agent', 'Médecin', 'Soignant', 'Praticien', 'Agent consultant'],
  specialty: ['Spécialité', 'Spécialités'],
  examinations: ['Examens', 'Examen', 'Examens complémentaires', 'Analyses', 'Bilan'],
  treatment: ['Traitement', 'Traitements', 'Conduite à tenir', 'Ordonnance', 'Médicaments', 'Prescription'],
  notes: ['Observations', 'Observation', 'Notes', 'Remarques', 'Remarque', 'Commentaire'],
  outcome: ['Issue', 'Devenir', 'Sortie', 'Mode de sortie'],
  temperature: ['Température', 'Température (°C)', 'Temp', 'T°', 'T (°C)'],
  pressure: ['TA', 'Tension', 'Tension artérielle', 'Pression artérielle', 'PA', 'TA (mmHg)'],
  systolic: ['TA systolique', 'TAS', 'PAS', 'Systolique', 'TA systolique (mmHg)'],
  diastolic: ['TA diastolique', 'TAD', 'PAD', 'Diastolique', 'TA diastolique (mmHg)'],
  pulse: ['Pouls', 'Pouls (/min)', 'FC', 'Fréquence cardiaque'],
  respiration: ['FR', 'FR (/min)', 'Fréquence respiratoire'],
  spo2: ['SpO2', 'SpO2 (%)', 'Saturation'],
  weight: ['Poids', 'Poids (kg)'],
  height: ['Taille', 'Taille (cm)'],
  muac: ['PB', 'PB (mm)', 'Périmètre brachial', 'Périmètre brachial (mm)'],
} as const

export type ConsultationColumn = keyof typeof consultationHeadings

export const headingOf = (column: ConsultationColumn): string => consultationHeadings[column][0]
