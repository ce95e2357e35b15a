import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Config, RateSetting } from './config.ts'
import { registerAccesses } from './platform/audit/accesses.ts'
import { auditRoutes } from './platform/audit/routes.ts'
import { activationPage, authRoutes, jwksRoutes, requestScope, type Access } from './platform/auth/index.ts'
import { countsRoutes } from './platform/counts/routes.ts'
import { establishmentsRoutes } from './platform/establishments/routes.ts'
import { registerAbandoned } from './platform/http/abandoned.ts'
import { registerAdmission } from './platform/http/admission.ts'
import { registerCaps } from './platform/http/caps.ts'
import { registerCompression } from './platform/http/compression.ts'
import { registerDeclared } from './platform/http/declared.ts'
import { registerDocumentation } from './platform/http/documentation.ts'
import { registerErrorsPage } from './platform/http/errors-page.ts'
import { registerEtags } from './platform/http/etags.ts'
import { registerHealth } from './platform/http/health.ts'
import { registerJsonBody } from './platform/http/json-body.ts'
import {
  registerAnswerDeadline,
  registerBodyDeadline,
  registerBulkDeadline,
  serverLimits,
} from './platform/http/limits.ts'
import { registerMeasures, type Measuring } from './platform/http/measures.ts'
import { networkOf } from './platform/http/network.ts'
import { registerProblems, sendProblem } from './platform/http/problems.ts'
import { registerRequest } from './platform/http/request.ts'
import { registerRequestLog, requestJournal } from './platform/http/request-log.ts'
import { registerSecurityHeaders } from './platform/http/security-headers.ts'
import { registerSerialization } from './platform/http/serialization.ts'
import { answerUnreadable, refuseTunnels } from './platform/http/unreadable.ts'
import { registerValidation } from './platform/http/validation.ts'
import { coreRoutes, modulesRoutes, refuseHomeless, routesOf } from './platform/modules/index.ts'
import { usersRoutes } from './platform/users/routes.ts'
import { accesses } from './modules/accesses/index.ts'
import { beds } from './modules/beds/index.ts'
import { consultations } from './modules/consultations/index.ts'
import { dashboard } from './modules/dashboard/index.ts'
import { equipment } from './modules/equipment/index.ts'
import { exchange } from './modules/exchange/index.ts'
import { icd10 } from './modules/icd10/index.ts'
import { notifications } from './modules/notifications/index.ts'
import { oppositions } from './modules/oppositions/index.ts'
import { patientFile } from './modules/patient-file/index.ts'
import { patients } from './modules/patients/index.ts'
import { services } from './modules/services/index.ts'
import { stays } from './modules/stays/index.ts'
import { newId } from './shared/ids.ts'

export type AppOptions = {
  config: Pick<Config, 'corsOrigins' | 'trustProxy' | RateSetting>
  access: Access
  log: FastifyBaseLogger
  measuring?: Measuring
}

/** Each is one folder: docs/architecture.md, “The form of a module”. */
export const modules = [
  patients,
  accesses,
  oppositions,
  patientFile,
  consultations,
  services,
  icd10,
  exchange,
  notifications,
  equipment,
  beds,
  stays,
  dashboard,
]

/** The whole HTTP application, in the order in which a request meets it. Starts nothing. */
export async function buildApp({ config, access, log, measuring }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    ...serverLimits,
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: sendProblem,
    clientErrorHandler: answerUnreadable,
    genReqId: newId,
    childLoggerFactory: requestJournal,
    trustProxy: config.trustProxy.length > 0 ? config.trustProxy : false,
    exposeHeadRoutes: false,
  })

  refuseTunnels(app)
  registerDeclared(app)
  registerRequest(app)
  if (measuring) registerMeasures(app, measuring)
  registerAbandoned(app)
  registerBodyDeadline(app)
  registerAnswerDeadline(app)
  registerBulkDeadline(app)
  registerJsonBody(app)
  registerValidation(app)
  await registerSerialization(app)
  registerProblems(app)
  registerRequestLog(app)
  registerAccesses(app, access)
  registerEtags(app)
  await registerSecurityHeaders(app)
  if (config.corsOrigins.length > 0)
    await app.register(cors, { origin: config.corsOrigins, exposedHeaders, strictPreflight: false })
  registerAdmission(app, config.rateInFlight)
  await registerCompression(app)
  await registerDocumentation(app, modules)
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
      refuseHomeless(api)
      await api.register(
        coreRoutes(async (core) => {
          await core.register(authRoutes(access, { loginsPerMinute: config.rateLogin }))
          await core.register(usersRoutes(access))
          await core.register(establishmentsRoutes(access))
          await core.register(modulesRoutes(access, modules))
          await core.register(countsRoutes(access))
          await core.register(auditRoutes(access))
        }),
      )
      for (const module of modules) await api.register(routesOf(module, { access, modules }))
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
