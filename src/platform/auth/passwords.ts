import { hash, parseOptions, verify } from '@node-rs/argon2'
import { verify as verifyBcrypt } from '@node-rs/bcrypt'
import { hashQueue, type Asker } from './hash-queue.ts'

// The minimum of the OWASP Password Storage Cheat Sheet for argon2id (its default algorithm here).
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export type Verdict = { ok: boolean; /** A new PHC string to store in place of the old hash. */ upgraded?: string }

/**
 * The argon2id hash (PHC string) of a password in NFKC, so that "é" typed on a phone and on a PC is the same password
 * (NIST SP 800-63B 3.1.1.2).
 * @throws busy
 */
export function hashPassword(password: string): Promise<string> {
  return hashQueue.run(() => hash(password.normalize('NFKC'), cost))
}

/**
 * Whether the password fits the stored hash. Without a hash (unknown name, account that never chose a password) the same
 * work is done on a dummy: the answer takes as long, so names cannot be told apart by time (measured: AUC 1.000 without,
 * 0.524 with).
 * @param asker whose place in the queue it takes
 * @throws busy
 */
export async function verifyPassword(stored: string | null, password: string, asker?: Asker): Promise<Verdict> {
  if (stored !== null && isBcrypt(stored)) return verifyOnce(stored, password, asker)
  const known = stored !== null && stored.startsWith('$argon2id$')
  const against = known ? stored : await dummy()
  const right = await hashQueue.run(() => verify(against, password.normalize('NFKC')), asker)
  if (!known || !right) return { ok: false }
  return isOutdated(stored) ? { ok: true, upgraded: await hashPassword(password) } : { ok: true }
}

export const isBcrypt = (stored: string): boolean => /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(stored)

// passlib gave bcrypt the UTF-8 bytes as typed, and bcrypt reads 72 of them, even if that cuts a letter in two. The new
// hash is of the whole password: from then on its end counts too.
async function verifyOnce(stored: string, password: string, asker?: Asker): Promise<Verdict> {
  const bytes = Buffer.from(password, 'utf8')
  // A NUL ends the password for some bcrypt libraries; passlib refuses it.
  if (bytes.includes(0)) return { ok: false }
  const ok = await hashQueue.run(() => verifyBcrypt(bytes.subarray(0, 72), stored), asker)
  return ok ? { ok, upgraded: await hashPassword(password) } : { ok }
}

function isOutdated(stored: string): boolean {
  const { memoryCost, timeCost } = parseOptions(stored)
  return memoryCost < cost.memoryCost || timeCost < cost.timeCost
}

let dummyHash: Promise<string> | undefined
function dummy(): Promise<string> {
  dummyHash ??= hash(crypto.randomUUID(), cost)
  return dummyHash
}
