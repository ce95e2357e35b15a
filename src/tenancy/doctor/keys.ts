import type { Findings, Site } from './finding.ts'

/** A signing key as it is stored: its private half is sealed. */
export type SealedKey = { kid: string; private_key: Buffer }

/** Whether the master key opens this one; absent: no master key was found. */
export type Opens = ((key: SealedKey) => boolean) | undefined

// "Every few months" (docs/operations.md); NIST SP 800-57 part 1 (5.3.6) gives a signing key one to three years.
const oldestDays = 180

/** The keys that sign access tokens. Without any, the server was never started: it makes them then. */
export async function lookAtKeys({ look }: Site, opens: Opens): Promise<Findings> {
  const keys = await look.query<SealedKey & { status: string; days: number }>(
    `select kid, private_key, status, floor(extract(epoch from now() - coalesce(rotated_at, created_at)) / 86400)::int as days
     from sis_platform.signing_key`,
  )
  const current = keys.find(({ status }) => status === 'current')
  const next = keys.find(({ status }) => status === 'next')
  const sealed = keys.filter(({ status }) => status === 'current' || status === 'next')
  const isUsed = keys.length > 0
  return {
    signing_keys: isUsed ? [...(current ? [] : ['current ∄']), ...(next ? [] : ['next ∄'])] : [],
    signing_key_age: current && current.days > oldestDays ? [`${current.days} > ${oldestDays}`] : [],
    master_key: !isUsed ? [] : opens ? sealed.filter((key) => !opens(key)).map(({ kid }) => kid) : ['SIS_MASTER_KEY ∄'],
  }
}
