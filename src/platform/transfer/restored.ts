import { createHash } from 'node:crypto'
import { recordName, type Owner, type RestoredRecord } from '#tenancy'
import { isPublicKey, thumbprint, verifySignature } from '../../shared/ed25519.ts'
import { text, type Text } from '../../shared/text.ts'
import { parseTrailer } from './manifest.ts'

/** A part of a record that came with a restore. `fault`: why it is not what its former installation signed. */
export type RestoredFinding = {
  slug: string
  installation: string
  restoredAt: string
  signer: string
  entries: number
  fault?: 'signature' | 'entries' | 'unannounced'
}

/**
 * Compares the entries that restores brought with what was signed where they come from. That they were not changed since
 * their arrival is shown by the seals of their chain as well.
 * @param slug of one establishment; undefined for all
 */
export async function verifyRestored(owner: Pick<Owner, 'eachRestored'>, slug?: string): Promise<RestoredFinding[]> {
  const findings: RestoredFinding[] = []
  await owner.eachRestored(async (restored) => void findings.push(await look(restored)), slug)
  return findings
}

async function look(restored: RestoredRecord): Promise<RestoredFinding> {
  const { slug, installation, restoredAt, publicKey, statement, signature, announced } = restored
  const signer = isPublicKey(publicKey) ? thumbprint(publicKey) : publicKey
  const hash = createHash('sha256')
  for await (const piece of restored.read()) hash.update(piece)
  const found = { slug, installation, restoredAt, signer, entries: 0 }
  if (!isPublicKey(publicKey) || !verifySignature(publicKey, statement, signature))
    return { ...found, fault: 'signature' }
  // Form, hash of the manifest, trailer: a line each (statementOf).
  const [, , trailer = ''] = statement.toString('utf8').split('\n')
  const signed = parseTrailer(Buffer.from(trailer)).tables.find(({ name }) => name === recordName)
  const entries = signed?.rows ?? 0
  if (signed?.sha256 !== hash.digest('hex')) return { ...found, entries, fault: 'entries' }
  // Another key's proof about other entries: then the event on the sealed record names another signer.
  const isAnnounced = announced.some((event) => event['signer'] === signer && event['record'] === signed.sha256)
  return isAnnounced ? { ...found, entries } : { ...found, entries, fault: 'unannounced' }
}

/** What was found, as a sentence. */
export function sentenceOfRestored({ slug, installation, restoredAt, signer, entries, fault }: RestoredFinding): Text {
  const [fr, en] = [
    `${slug} : les entrées reprises de l’installation ${installation} le ${restoredAt} (empreinte ${signer})`,
    `${slug}: the entries taken over from installation ${installation} at ${restoredAt} (thumbprint ${signer})`,
  ]
  if (fault === 'signature')
    return text(`${fr} n’ont plus de signature valable.`, `${en} have no valid signature any more.`)
  if (fault === 'entries')
    return text(`${fr} ne sont plus celles qui furent signées.`, `${en} are not those that were signed any more.`)
  if (fault === 'unannounced')
    return text(`${fr} ne sont pas celles de la restauration.`, `${en} are not those of the restore.`)
  return text(`${fr} sont celles qui furent signées : ${entries}.`, `${en} are those that were signed: ${entries}.`)
}
