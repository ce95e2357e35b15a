import { all, type Described } from '../processing-register/index.ts'

const purpose = 'prévenir le personnel : admissions, états critiques, manque de lits, pannes, accès d’urgence'

/** What is stored of notifications, for the register of processing. No name and no diagnosis stands in one. */
export const tables: Record<string, Described> = {
  notification: {
    about: 'patients',
    purpose,
    data: {
      ...all('événement, gravité et heure', 'at', 'kind', 'event', 'severity'),
      ...all('service et lit', 'params'),
      roles: 'destinataires',
    },
  },
  notification_read: {
    about: 'staff',
    purpose,
    data: { at: 'lecture : personne et heure' },
    links: ['notification_id'],
  },
  notification_reader: { about: 'staff', purpose, data: { ...all('lecture : personne et heure', 'read_up_to', 'at') } },
  notification_feed: { about: 'technical', purpose: 'ordonner les notifications', data: {} },
}
