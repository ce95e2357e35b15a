// Everything as one file, and back (docs/decisions/0015-backup-of-the-whole.md).
export { writeBackup, type WriteOptions, type Written } from './write.ts'
export { openWholeBackup, type WholeBackup } from './read.ts'
export { freeBytes, isFolder, listBackups } from './files.ts'
export { keyCheckOf } from './manifest.ts'
