import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { ArrivingPart, WholeDigest } from '#tenancy'
import { BackupRefused } from '../../shared/backup-refused.ts'
import { headerBytes, headerOf, openSealing, readFrames, unsealed, unzipped, type Sealing } from '../transfer/index.ts'
import { readContent, type Step } from './content.ts'
import type { Total, WholeManifest } from './manifest.ts'

/** Bytes of the file that were read, of how many. */
export type Progress = (done: number, of: number) => void

/** A backup that was read to its end. */
export type WholeBackup = {
  path: string
  /** Of the file. */
  bytes: number
  manifest: WholeManifest
  total: Total
  /** Its tables once more, for a restore. Compared again: the file may have been changed since. */
  parts(onProgress?: Progress): AsyncGenerator<ArrivingPart>
}

/**
 * Opens and verifies a whole backup, a chunk at a time.
 * @throws BackupRefused: unreadable, one_establishment, newer, passphrase, altered, content, bomb
 */
export async function openWholeBackup(path: string, passphrase: string, onProgress?: Progress): Promise<WholeBackup> {
  return verifyWholeBackup(path, await openSealing(await headerOf(path), passphrase, 'whole'), onProgress)
}

/** The same, with the key at hand. */
export async function verifyWholeBackup(path: string, sealing: Sealing, onProgress?: Progress): Promise<WholeBackup> {
  const steps = stepsOf(path, sealing, onProgress)
  let manifest: WholeManifest | undefined
  let step = await steps.next()
  for (; !step.done; step = await steps.next()) if ('manifest' in step.value) manifest = step.value.manifest
  const total = step.value
  if (!manifest) throw new BackupRefused('content')
  const { size: bytes } = await stat(path)
  return { path, bytes, manifest, total, parts: (again) => partsOf(stepsOf(path, sealing, again), total) }
}

function stepsOf(path: string, sealing: Sealing, onProgress: Progress = () => {}): AsyncGenerator<Step, Total> {
  async function* counted(): AsyncGenerator<Buffer> {
    const { size } = await stat(path)
    let done = headerBytes
    for await (const piece of createReadStream(path, { start: headerBytes, highWaterMark: 256 * 1024 })) {
      yield piece as Buffer
      onProgress(Math.min((done += (piece as Buffer).length), size), size)
    }
  }
  return readContent(readFrames(unzipped(unsealed(sealing, counted()))))
}

async function* partsOf(steps: AsyncGenerator<Step, Total>, verified: Total): AsyncGenerator<ArrivingPart> {
  let step = await steps.next()
  try {
    while (!step.done) {
      const { value } = step
      step = await steps.next()
      if (!('place' in value)) continue
      let digest: WholeDigest | undefined
      async function* rows(): AsyncGenerator<Buffer> {
        for (; !step.done && 'bytes' in step.value; step = await steps.next()) yield step.value.bytes
        if (!step.done && 'end' in step.value) digest = step.value.end
      }
      yield {
        ...value,
        data: rows(),
        digest() {
          if (!digest) throw new Error('rows that were not read')
          return digest
        },
      }
    }
    if (JSON.stringify(step.value) !== JSON.stringify(verified)) throw new BackupRefused('altered')
  } finally {
    await steps.return(verified)
  }
}
