import { join } from 'node:path'
import { lineOf, type Head, type Log } from '#tenancy'
import type { Config } from '../config.ts'
import { headsFile, setAside, type Anchor } from './heads-file.ts'

type Settings = Pick<Config, 'dataDir' | 'auditAnchor'>

const isAddress = (anchor: string): boolean => /^https?:\/\//.test(anchor)

/** The files of heads: the data folder's, and the one that SIS_AUDIT_ANCHOR names. */
export const headsFilesOf = ({ dataDir, auditAnchor }: Settings): string[] => [
  join(dataDir, 'audit', 'heads.jsonl'),
  ...(auditAnchor !== undefined && !isAddress(auditAnchor) ? [auditAnchor] : []),
]

/** Every place to which the heads of the audit record go. */
export const anchorsOf = (settings: Settings, log: Log): Anchor[] => [
  ...headsFilesOf(settings).map((path) => headsFile(path, log)),
  ...(settings.auditAnchor !== undefined && isAddress(settings.auditAnchor)
    ? [headsAddress(settings.auditAnchor)]
    : []),
]

/**
 * To be called when the database was taken back to an earlier state on purpose: what the files know of later seals would
 * stand as a truncation for ever. @returns where they are now
 */
export const setAnchorsAside = (settings: Settings, now: Date): string[] =>
  headsFilesOf(settings).flatMap((path) => setAside(path, now) ?? [])

const [linesEach, answerWithin] = [500, 10_000]

/** An address that takes POSTs of heads, one JSON object a line, and answers 2xx once it has kept them. */
export function headsAddress(address: string): Anchor {
  const url = new URL(address)
  const credentials = url.username && `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = url.password = ''
  const headers = {
    'content-type': 'application/x-ndjson',
    ...(credentials && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  }
  return {
    name: 'address',
    async push(heads: Head[]) {
      for (let at = 0; at < heads.length; at += linesEach) {
        const body = heads.slice(at, at + linesEach).map((head) => `${lineOf(head)}\n`).join('') // prettier-ignore
        const signal = AbortSignal.timeout(answerWithin)
        const answer = await fetch(url, { method: 'POST', body, headers, redirect: 'error', signal })
        await answer.body?.cancel()
        if (!answer.ok) throw new Error(`it answered ${answer.status}`)
      }
    },
  }
}
