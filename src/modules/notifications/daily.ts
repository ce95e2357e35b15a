import type { Tenancy, Tenant } from '#tenancy'
import { today } from '../../shared/clock.ts'
import { isEnabled, type ModuleDefinition } from '../../platform/modules/index.ts'

declare module '../../shared/module-types.ts' {
  interface ModuleParts {
    /**
     * What is looked at once a day for each establishment in which somebody reads notifications: by the first process in which
     * somebody does, and again by the others. What it notifies of it must therefore mark, so that it is told once.
     * @param day YYYY-MM-DD
     */
    readonly daily?: (tenant: Tenant, day: string) => Promise<void>
  }
}

/**
 * The work of each day, done when it can first be read: no job visits thousands of establishments in which nobody is there
 * to be told.
 */
export class Daily {
  readonly #tenancy: Pick<Tenancy, 'tenant' | 'directory'>
  readonly #modules: readonly ModuleDefinition[]
  readonly #done = new Map<string, Promise<void>>()
  #day = ''

  constructor(tenancy: Pick<Tenancy, 'tenant' | 'directory'>, modules: readonly ModuleDefinition[]) {
    this.#tenancy = tenancy
    this.#modules = modules.filter(({ daily }) => daily !== undefined)
  }

  /** Does today's work unless this process has. @throws what the database refuses: it is done the next time */
  look(establishmentId: string): Promise<void> {
    const day = today()
    if (day !== this.#day) {
      this.#day = day
      this.#done.clear()
    }
    let doing = this.#done.get(establishmentId)
    if (!doing) {
      doing = this.#work(establishmentId, day).catch((error: unknown) => {
        this.#done.delete(establishmentId)
        throw error
      })
      this.#done.set(establishmentId, doing)
    }
    return doing
  }

  async #work(establishmentId: string, day: string): Promise<void> {
    const establishment = this.#tenancy.directory.findById(establishmentId)
    if (!establishment) return
    for (const { name, daily } of this.#modules)
      if (isEnabled(establishment, name)) await daily?.(this.#tenancy.tenant(establishment), day)
  }
}
