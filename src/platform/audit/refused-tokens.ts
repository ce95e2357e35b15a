import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { AccessLog } from '#tenancy'
import type { Problem } from '../../shared/errors.ts'
import { sayable } from '../../shared/traces.ts'
import { networkOf } from '../http/network.ts'
import { toAccessEntry } from './access-entry.ts'

const codes: readonly string[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_stale',
  'session_closed',
  'refresh_invalid',
  'activation_invalid',
  'challenge_invalid',
]
const everyMs = 60_000
/** Networks that are told apart in one minute; the others are one. */
const most = 1_000
const others = 'others'

/**
 * Refused tokens and one-time secrets cost whoever sends them nothing: the first of a network is put on record at once, those that follow as
 * one entry a minute with their number, so that they cannot fill the disk.
 */
export function watchTokens(
  accesses: AccessLog,
  log: FastifyBaseLogger,
): {
  /** Whether it is a refusal of a token or of a one-time secret. */
  concern(why: Problem): boolean
  refused(request: FastifyRequest, why: Problem): Promise<void>
  close(): Promise<void>
} {
  let counts = new Map<string, Map<string, number>>()

  const record = async (network: string, detail: object, ip: string, requestId?: string): Promise<void> => {
    const actor = { id: null, name: '?', role: null, ip, ...(requestId && { requestId }) }
    const entry = toAccessEntry(null, actor, {
      action: 'token.refused',
      outcome: 'refused',
      detail: { network, ...detail },
    })
    // It opens nothing: whoever was refused is told so even where the record fails.
    await accesses
      .append([entry])
      .catch((error: unknown) => log.warn({ reason: sayable(error) }, 'refusal not recorded'))
  }
  const sum = async (): Promise<void> => {
    const past = counts
    counts = new Map()
    const later = [...past].filter(([, byCode]) => byCode.size > 0)
    await Promise.all(later.map(([network, byCode]) => record(network, summary(byCode), network)))
  }
  const timer = setInterval(() => void sum(), everyMs)
  timer.unref()

  return {
    concern: ({ code }) => codes.includes(code),
    async refused(request, why) {
      const own = networkOf(request.ip)
      const network = counts.has(own) || counts.size < most ? own : others
      const byCode = counts.get(network)
      if (byCode) byCode.set(why.code, (byCode.get(why.code) ?? 0) + 1)
      else {
        counts.set(network, new Map())
        await record(network, { [why.code]: 1 }, request.ip, request.id)
      }
    },
    async close() {
      clearInterval(timer)
      await sum()
    },
  }
}

const summary = (byCode: Map<string, number>): object => ({
  ...Object.fromEntries(byCode),
  count: [...byCode.values()].reduce((all, one) => all + one, 0),
})
