import type { KeyObject } from 'node:crypto'
import { isCurrent, verifyToken, type Claims, type FindKey } from './tokens.ts'

type Known = { claims: Claims; kid: string; key: KeyObject }

// 1.4 kB each. With room for 2,000, of one person in each of 5,000 establishments three of five requests were verified anew.
const mostRemembered = 10_000

export type TokenKeys = {
  /** The key of this id, looked for in the database when this process does not know it. */
  find: FindKey
  /** The key of this id as this process knows it now. */
  known(kid: string): KeyObject | undefined
}

/**
 * Verifies tokens and remembers them: a signature costs 0.4 ms of the processor, more than half of what it takes to refuse a
 * request. Only the signature is remembered. The token's time and its key are looked at again each time, revocations by
 * whoever asks (scope.ts).
 */
export class VerifiedTokens {
  readonly #keys: TokenKeys
  readonly #issuer: string
  readonly #most: number
  readonly #remembered = new Map<string, Known>()

  /** @param most how many are remembered at once; one more takes the place of the oldest */
  constructor(keys: TokenKeys, issuer: string, most = mostRemembered) {
    this.#keys = keys
    this.#issuer = issuer
    this.#most = most
  }

  /** The claims of a token that was verified before and still holds; undefined when it must be looked at (again). */
  find(token: string, now: Date): Claims | undefined {
    const before = this.#remembered.get(token)
    if (before === undefined) return undefined
    const key = this.#keys.known(before.kid)
    const holds = (key === before.key || key?.equals(before.key)) && isCurrent(before.claims, now)
    return holds ? before.claims : undefined
  }

  /** @throws token_expired, token_invalid */
  async verify(token: string, now: Date): Promise<Claims> {
    const before = this.find(token, now)
    if (before) return before
    this.#remembered.delete(token)
    let used: { kid: string; key: KeyObject } | undefined
    const find = async (kid: string): Promise<KeyObject | undefined> => {
      const key = await this.#keys.find(kid)
      used = key && { kid, key }
      return key
    }
    const claims = await verifyToken(token, find, this.#issuer, now)
    if (used) this.#remember(token, { claims, ...used })
    return claims
  }

  #remember(token: string, known: Known): void {
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size >= this.#most && oldest !== undefined) this.#remembered.delete(oldest)
    this.#remembered.set(token, known)
  }
}
