import type { Server } from 'node:http'
import type { FastifyHttpOptions, FastifyInstance } from 'fastify'

/** Slow and oversized clients are cut off (research/security.md, fact 6: with the defaults 800 slow connections stayed open). */
export const serverLimits = {
  // The bound for any upload; each route's own is kept by registerBodyDeadline.
  requestTimeout: 300_000,
  connectionTimeout: 20_000,
  keepAliveTimeout: 5_000,
  handlerTimeout: 15_000,
  bodyLimit: 256 * 1024,
  maxRequestsPerSocket: 1_000,
  routerOptions: { maxParamLength: 100 },
  http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
} satisfies FastifyHttpOptions<Server>

const bodySeconds = 10

/**
 * Ends a connection whose request body does not arrive in time: 10 s, or what the route grants (an import over a weak
 * network). Node's own requestTimeout knows no routes.
 */
export function registerBodyDeadline(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    if (raw.complete) return
    const timer = setTimeout(() => raw.destroy(), (routeOptions.config.bodySeconds ?? bodySeconds) * 1_000).unref()
    const clear = (): void => clearTimeout(timer)
    raw.once('end', clear).once('close', clear)
  })
}
