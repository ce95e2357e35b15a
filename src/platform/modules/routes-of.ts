import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { ModuleContext, ModuleDefinition } from './definition.ts'
import { isEnabled, moduleDisabled } from './enabled.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Which module the route belongs to; the core has those that all others stand on. */
    module?: ModuleDefinition | 'core'
  }
}

/** The routes of a module. Where it is off they answer 404, after the token and the right were looked at. */
export function routesOf(definition: ModuleDefinition, context: ModuleContext): FastifyPluginAsync {
  return async (scope) => {
    belongTo(scope, definition)
    if (definition.defaults)
      scope.addHook('onRequest', (request, _reply, done) => {
        const { establishment } = request.auth
        if (establishment && !isEnabled(establishment, definition.name)) throw moduleDisabled(definition)
        done()
      })
    if (definition.routes) await scope.register(definition.routes(context))
  }
}

/** Routes that are always there and belong to no module. */
export const coreRoutes =
  (register: (scope: FastifyInstance) => Promise<void>): FastifyPluginAsync =>
  async (scope) => {
    belongTo(scope, 'core')
    await register(scope)
  }

function belongTo(scope: FastifyInstance, module: ModuleDefinition | 'core'): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, module }
  })
}

/** @throws Error at start: a route that belongs to no module could not be switched off with it */
export function refuseHomeless(app: FastifyInstance): void {
  const homeless: string[] = []
  app.addHook('onRoute', (route) => {
    // The hooks of the scope that it is registered in run later.
    routes.push(route)
  })
  const routes: { url: string; method: string | string[]; config?: { module?: unknown } }[] = []
  app.addHook('onReady', (done) => {
    for (const { url, method, config } of routes) if (!config?.module) homeless.push(`${String(method)} ${url}`)
    done(homeless.length > 0 ? new Error(`of no module: ${homeless.join(', ')}`) : undefined)
  })
}
