// One establishment as one file, and a file as an establishment (docs/decisions/0014-establishment-backup.md).
export { exportEstablishment, type Exported, type ExportOptions } from './export.ts'
export { openBackup, verifyBackup, type Backup, type Progress } from './backup.ts'
export { assertTrusted, restoreEstablishment, type RestoreOptions } from './restore.ts'
export { sentenceOfRestored, verifyRestored, type RestoredFinding } from './restored.ts'
export { newSealing, openSealing, sealed, unsealed, writeSealed, headerBytes, type Sealing } from './container.ts'
// What a backup of the whole (platform/backup) shares.
export { headerOf, unzipped } from './backup.ts'
export { Digest } from './content.ts'
export { syncFolder } from './export.ts'
export { parsedAs, parsedOfFormat } from './parsed.ts'
export { framesOf, readFrames, type Frame } from './frames.ts'

/** What the key that signs backups is derived for. */
export const keyPurpose = 'establishment backup signature'
