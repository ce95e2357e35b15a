import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { ErrorCode } from '../../shared/errors.ts'
import { responses } from '../../shared/schemas.ts'
import { completeDocument } from './examples.ts'

const description = `Dossiers et activités des établissements de santé du Mali. Chaque établissement a son propre schéma PostgreSQL ;
le jeton dit lequel, et rien d'autre.

**Pour essayer** : *Authorize*, un compte (par exemple \`csref_djenne.agent\`) et son mot de passe.
Les listes se suivent par \`nextCursor\` ; une modification envoie \`If-Match\` ; une création devrait envoyer \`Idempotency-Key\`.
Les erreurs sont des documents RFC 9457 dont le \`code\` est stable ; les textes sont en français, en anglais avec \`Accept-Language: en\`.`

/** OpenAPI 3.1 at /openapi.json and Swagger UI at /docs, both made from the routes' own schemas. */
export async function registerDocumentation(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: "SIS : Système d'Information Sanitaire",
        version: '1',
        description,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'Ce serveur' }],
      components: {
        securitySchemes: {
          password: {
            type: 'oauth2',
            description: 'Nom d’utilisateur et mot de passe',
            flows: { password: { tokenUrl: '/api/v1/auth/token', refreshUrl: '/api/v1/auth/refresh', scopes: {} } },
          },
        },
      },
      tags,
    },
    transform: ({ schema, url, route }) => ({ schema: documented(schema, route), url }),
    transformObject: (document) =>
      'openapiObject' in document ? completeDocument(document.openapiObject) : document.swaggerObject,
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // Swagger UI sets styles on its elements; without this the browser drops them.
    transformStaticCSP: (policy) => policy.replace(/style-src [^;]*/, "style-src 'self' 'unsafe-inline'"),
    theme: { title: 'SIS : documentation de l’API' },
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'none',
      persistAuthorization: false,
      displayRequestDuration: true,
      filter: true,
    },
  })
  app.get('/openapi.json', { schema: { hide: true }, config: { public: true } }, async () => app.swagger())
}

const tags = [
  { name: 'session', description: 'Connexion, jetons, sessions' },
  { name: 'establishments', description: 'Annuaire des établissements' },
  { name: 'users', description: 'Comptes et rôles' },
  { name: 'patients', description: 'Patients' },
  { name: 'consultations', description: 'Consultations' },
  { name: 'lists', description: 'Services, spécialités, CIM-10' },
  { name: 'exchange', description: 'Imports et exports' },
  { name: 'audit', description: 'Journal des accès et des actes' },
  { name: 'national', description: 'Chiffres nationaux, sans rien de nominatif' },
  { name: 'server', description: 'État du serveur' },
]

function documented<S>(schema: S, { config }: RouteOptions): S {
  const { response, body, hide } = (schema ?? {}) as { response?: object; body?: unknown; hide?: boolean }
  if (hide) return { ...schema, security: [] }
  const unread = body === undefined ? {} : ofBody()
  if (config?.public) return { ...schema, response: { ...unread, ...response }, security: [] }
  const all = { ...guards(config?.right !== undefined), ...unread, ...response }
  return { ...schema, response: all, security: [{ password: [] }] }
}

// What the request scope answers before the route is reached.
function guards(needsRight: boolean): object {
  const { 401: noToken, 403: noRight } = refusals(
    'token_missing',
    'token_invalid',
    'token_expired',
    'token_stale',
    'right_missing',
    'establishment_suspended',
  )
  return needsRight ? { 401: noToken, 403: noRight } : { 401: noToken }
}

// What a route that takes a body answers to one that it cannot read.
function ofBody(): object {
  const { 413: tooLarge, 415: wrongType } = refusals('payload_too_large', 'unsupported_media_type')
  return { 413: tooLarge, 415: wrongType }
}

const refusals = (...codes: ErrorCode[]) => responses({}, ...codes) as Record<number, unknown>

/** Refuses at start a route whose answers could leave unchecked or that nobody could look up. @throws Error */
export function refuseUndocumented(route: RouteOptions): void {
  const { summary, operationId, tags, response, hide } = (route.schema ?? {}) as Record<string, unknown>
  if (hide) return
  if (!summary || !operationId || !tags || !response)
    throw new Error(
      `${String(route.method)} ${route.url}: summary, operationId, tags and response schemas are required`,
    )
}
