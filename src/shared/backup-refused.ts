import { say, text, type Language, type Text } from './text.ts'

const sentences = {
  unreadable: text('Ce fichier n’est pas une sauvegarde de SIS.', 'This file is no backup of SIS.'),
  one_establishment: text(
    'Ce fichier est la sauvegarde d’un seul établissement : npx sis establishment restore.',
    'This file is the backup of one establishment: npx sis establishment restore.',
  ),
  whole: text(
    'Ce fichier est la sauvegarde de toute l’installation : npx sis restore.',
    'This file is the backup of the whole installation: npx sis restore.',
  ),
  newer: text(
    'Cette sauvegarde vient d’une version plus récente de SIS : installez-la d’abord.',
    'This backup was made by a newer version of SIS: install that first.',
  ),
  passphrase: text(
    'La phrase secrète n’ouvre pas ce fichier (ou son début a été modifié).',
    'The passphrase does not open this file (or its beginning was altered).',
  ),
  altered: text(
    'Le fichier a été modifié, coupé ou abîmé : rien n’en a été repris.',
    'The file was altered, cut or damaged: nothing of it was taken over.',
  ),
  signature: text(
    'La signature de la sauvegarde ne correspond pas à son contenu : rien n’en a été repris.',
    'The signature of the backup does not fit what it holds: nothing of it was taken over.',
  ),
  content: text(
    'Le contenu de la sauvegarde n’est pas ce qu’une sauvegarde de SIS contient : rien n’en a été repris.',
    'What the backup holds is not what a backup of SIS holds: nothing of it was taken over.',
  ),
  untrusted: text(
    'Cette sauvegarde est signée par une autre installation.',
    'This backup was signed by another installation.',
  ),
  migrations: text(
    'Cette sauvegarde vient d’un SIS dont le schéma n’est pas le nôtre : rien n’en a été repris.',
    'This backup was made by a SIS whose schema is not ours: nothing of it was taken over.',
  ),
  bomb: text(
    'Le fichier se déploie en bien plus de données qu’un établissement n’en a : rien n’en a été repris.',
    'The file unfolds into far more data than an establishment has: nothing of it was taken over.',
  ),
  live: text(
    'Cet établissement est ouvert ou suspendu : on ne restaure que dans un établissement archivé, ou sous un nouvel identifiant.',
    'This establishment is open or suspended: only an archived one, or a new slug, is restored into.',
  ),
  taken: text(
    'Cet identifiant est ou fut celui d’un autre établissement ; il ne ressert jamais.',
    'This slug is or was that of another establishment; it is never used again.',
  ),
  busy: text(
    'Une autre sauvegarde est en cours : celle-ci n’a pas commencé.',
    'Another backup is under way: this one was not begun.',
  ),
  moved: text(
    'Des tables ont été refaites (mise à jour, restauration) pendant la sauvegarde : elle ne vaut rien. Recommencez-la.',
    'Tables were made anew (upgrade, restore) during the backup: it is worth nothing. Make it again.',
  ),
  occupied: text(
    'Cette base de données contient déjà un SIS : on ne restaure que dans une base vide.',
    'This database holds a SIS already: only an empty one is restored into.',
  ),
  differs: text(
    'Ce qui a été restauré n’est pas ce que dit la sauvegarde : rien n’en est servi.',
    'What was restored is not what the backup says: nothing of it is served.',
  ),
} as const satisfies Record<string, Text>

export type RefusalCode = keyof typeof sentences

/** A backup that is not taken over, and why; `lines` are for the person at the terminal. */
export class BackupRefused extends Error {
  readonly code: RefusalCode
  readonly lines: string[]

  constructor(code: RefusalCode, { more = [], cause }: { more?: string[]; cause?: unknown } = {}) {
    super(code, { cause })
    this.name = 'BackupRefused'
    this.code = code
    this.lines = [this.say('fr'), ...more]
  }

  say(language: Language): string {
    return say(sentences[this.code], language)
  }
}
