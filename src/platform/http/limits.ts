import type { Server } from 'node:http'
import type { FastifyHttpOptions } from 'fastify'

/** Slow and oversized clients are cut off (research/security.md, fact 6: with the defaults 800 slow connections stayed open). */
export const serverLimits = {
  requestTimeout: 10_000,
  connectionTimeout: 20_000,
  keepAliveTimeout: 5_000,
  handlerTimeout: 15_000,
  bodyLimit: 256 * 1024,
  maxRequestsPerSocket: 1_000,
  routerOptions: { maxParamLength: 100 },
  http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
} satisfies FastifyHttpOptions<Server>
