import compress from '@fastify/compress'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { constants } from 'node:zlib'
import { v7 as uuidv7 } from 'uuid'
import type { Config, RateSetting } from './config.ts'
import { registerAccesses } from './platform/audit/accesses.ts'
import { auditRoutes } from './platform/audit/routes.ts'
import { activationPage, authRoutes, jwksRoutes, requestScope, type Access } from './platform/auth/index.ts'
import { countsRoutes } from './platform/counts/routes.ts'
import { establishmentsRoutes } from './platform/establishments/routes.ts'
import { registerAbandoned } from './platform/http/abandoned.ts'
import { registerAdmission } from './platform/http/admission.ts'
import { registerCaps } from './platform/http/caps.ts'
import { registerDeclared } from './platform/http/declared.ts'
import { registerDocumentation } from './platform/http/documentation.ts'
import { registerErrorsPage } from './platform/http/errors-page.ts'
import { registerEtags } from './platform/http/etags.ts'
import { registerHealth } from './platform/http/health.ts'
import { registerJsonBody } from './platform/http/json-body.ts'
import {
  registerBodyDeadline,
  registerBulkDeadline,
  registerConnectionBound,
  serverLimits,
} from './platform/http/limits.ts'
import { networkOf } from './platform/http/network.ts'
import { registerProblems, sendProblem } from './platform/http/problems.ts'
import { registerLanguage } from './platform/http/request.ts'
import { registerRequestLog } from './platform/http/request-log.ts'
import { registerSerialization } from './platform/http/serialization.ts'
import { answerUnreadable, refuseTunnels } from './platform/http/unreadable.ts'
import { registerValidation } from './platform/http/validation.ts'
import { usersRoutes } from './platform/users/routes.ts'
import { accessRoutes } from './modules/accesses/index.ts'
import { consultationRoutes } from './modules/consultations/index.ts'
import { exchangeRoutes } from './modules/exchange/index.ts'
import { icd10Routes } from './modules/icd10/index.ts'
import { oppositionRoutes } from './modules/oppositions/index.ts'
import { patientFileRoutes } from './modules/patient-file/index.ts'
import { breakGlassRoutes, careTeamRoutes, patientRoutes } from './modules/patients/index.ts'
import { serviceRoutes } from './modules/services/index.ts'

export type AppOptions = {
  config: Pick<Config, 'corsOrigins' | 'trustProxy' | RateSetting>
  access: Access
  log: FastifyBaseLogger
}

/** The whole HTTP application, in the order in which a request meets it. Starts nothing. */
export async function buildApp({ config, access, log }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    ...serverLimits,
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: sendProblem,
    clientErrorHandler: answerUnreadable,
    genReqId: () => uuidv7(),
    trustProxy: config.trustProxy.length > 0 ? config.trustProxy : false,
    exposeHeadRoutes: false,
  })

  refuseTunnels(app)
  registerDeclared(app)
  registerLanguage(app)
  registerConnectionBound(app)
  registerAbandoned(app)
  registerBodyDeadline(app)
  registerBulkDeadline(app)
  registerJsonBody(app)
  registerValidation(app)
  await registerSerialization(app)
  registerProblems(app)
  registerRequestLog(app)
  registerAccesses(app, access)
  registerEtags(app)
  await app.register(helmet, securityHeaders)
  await app.register(cors, {
    origin: config.corsOrigins.length > 0 ? config.corsOrigins : false,
    exposedHeaders,
    strictPreflight: false,
  })
  registerAdmission(app, config.rateInFlight)
  await app.register(compress, {
    encodings: ['br', 'gzip'],
    threshold: 1_024,
    brotliOptions: { params: quickBrotli },
    globalDecompression: false,
  })
  await registerDocumentation(app)
  registerErrorsPage(app)
  registerHealth(app, () => access.tenancy.isReady())
  await app.register(jwksRoutes(access))
  await app.register(activationPage)

  await app.register(
    async (api) => {
      await api.register(requestScope(access, config.rateRequests))
      registerCaps(api, config)
      // For the doors that a guesser knocks at.
      await api.register(rateLimit, { global: false, keyGenerator: ({ ip }: { ip: string }) => networkOf(ip) })
      await api.register(authRoutes(access, { loginsPerMinute: config.rateLogin }))
      await api.register(usersRoutes(access))
      await api.register(establishmentsRoutes(access))
      await api.register(countsRoutes(access))
      await api.register(auditRoutes(access))
      await api.register(patientRoutes)
      await api.register(accessRoutes(access))
      await api.register(careTeamRoutes(access))
      await api.register(breakGlassRoutes)
      await api.register(oppositionRoutes)
      await api.register(patientFileRoutes(access))
      await api.register(consultationRoutes)
      await api.register(serviceRoutes)
      await api.register(icd10Routes)
      await api.register(exchangeRoutes)
    },
    { prefix: '/api/v1' },
  )
  return app
}

const exposedHeaders = [
  'etag',
  'location',
  'retry-after',
  'x-request-id',
  'idempotency-replayed',
  'content-disposition',
]

// Many a centre has no certificate on its local network: pages must not be sent to https by force.
const securityHeaders = {
  contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  crossOriginResourcePolicy: { policy: 'same-site' as const },
}

// Level 4 of 11: on a list of 20 most of the gain for a fraction of the time.
const quickBrotli = { [constants.BROTLI_PARAM_QUALITY]: 4 }
