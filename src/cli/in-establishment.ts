import { userInfo } from 'node:os'
import type { AccessLog, Tenant } from '#tenancy'
import type { Actor } from '../platform/http/index.ts'
import { Failure } from '../supervisor/failure.ts'
import { withDatabase } from './database.ts'

/**
 * Runs a command on one establishment's records, as the machine's own user: that name stands in history and audit.
 * @throws Failure when no establishment has this slug
 */
export function inEstablishment<T>(
  slug: string,
  work: (tenant: Tenant, actor: Actor, accesses: AccessLog) => Promise<T>,
): Promise<T> {
  return withDatabase(async ({ tenancy }) => {
    const establishment = tenancy.directory.findBySlug(slug)
    if (!establishment) {
      const slugs = tenancy.directory.list().map((one) => one.slug)
      throw new Failure([
        `Aucun établissement « ${slug} ».`,
        slugs.length > 0
          ? `Établissements : ${slugs.sort().slice(0, 20).join(', ')}${slugs.length > 20 ? '…' : ''}`
          : 'Il n’y a encore aucun établissement.',
      ])
    }
    const actor: Actor = { id: null, name: `Ligne de commande (${userInfo().username})`, role: 'COMMAND_LINE' }
    return work(tenancy.tenant(establishment), actor, tenancy.accesses)
  })
}
