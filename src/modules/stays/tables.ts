import { all, type Described } from '../processing-register/index.ts'

const author = 'auteur et date'
const hidden = 'date, auteur et motif du masquage'

/** What is stored of stays, for the register of processing. */
export const tables: Record<string, Described> = {
  stay: {
    about: 'patients',
    purpose: 'hospitaliser le patient et suivre son séjour',
    data: {
      ...all('entrée et sortie', 'admitted_at', 'discharged_at', 'discharge_mode'),
      ...all('service et lit', 'service_id', 'bed_id', 'short_observation'),
      attending_name: 'soignant responsable',
      reason: 'motif',
      ...all('diagnostics et codes CIM-10', 'diagnosis', 'codes', 'final_diagnosis', 'final_codes', 'search_key'),
      status: 'état clinique',
      notes: 'observations',
      ...all(author, 'created_by_id', 'created_by_name'),
      ...all(hidden, 'hidden_at', 'hidden_by', 'hidden_reason'),
    },
    links: ['consultation_id'],
  },
  stay_place: {
    about: 'patients',
    purpose: 'hospitaliser le patient et suivre son séjour',
    data: {
      ...all('services et lits successifs, motif du transfert', 'service_id', 'bed_id', 'from_at', 'to_at', 'reason'),
      ...all(author, 'by_id', 'by_name', 'at'),
    },
    links: ['stay_id', 'hidden'],
  },
  stay_observation: {
    about: 'patients',
    purpose: 'hospitaliser le patient et suivre son séjour',
    data: {
      at: 'heure de l’observation',
      ...all(
        'constantes',
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
      notes: 'observations',
      ...all(author, 'created_by_id', 'created_by_name'),
      ...all(hidden, 'hidden_at', 'hidden_by', 'hidden_reason'),
    },
    links: ['stay_id'],
  },
}
