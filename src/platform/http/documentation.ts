import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, RouteOptions } from 'fastify'
import type { ModuleDefinition } from '../modules/definition.ts'
import { allResponses } from './declared.ts'
import { completeDocument } from './examples.ts'

const description = `Dossiers et activités des établissements de santé du Mali. Chaque établissement a son propre schéma PostgreSQL ;
le jeton dit lequel, et rien d'autre.

**Pour essayer** : *Authorize*, un compte (par exemple \`csref_djenne.agent\`) et son mot de passe.
Les listes se suivent par \`nextCursor\` ; une modification envoie \`If-Match\` ; une création ou une modification devrait envoyer \`Idempotency-Key\`.
Les erreurs sont des documents RFC 9457 dont le \`code\` est stable ; les textes sont en français, en anglais avec \`Accept-Language: en\`.`

/** OpenAPI 3.1 at /openapi.json and Swagger UI at /docs, both made from the routes' own schemas. */
export async function registerDocumentation(app: FastifyInstance, modules: readonly ModuleDefinition[]): Promise<void> {
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
      tags: [...coreTags, ...modules.flatMap(({ tags = [] }) => tags)],
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

const coreTags = [
  { name: 'session', description: 'Connexion, jetons, sessions' },
  { name: 'establishments', description: 'Annuaire des établissements' },
  { name: 'modules', description: 'Ce que chaque établissement utilise' },
  { name: 'users', description: 'Comptes et rôles' },
  { name: 'audit', description: 'Journal des accès et des actes' },
  { name: 'national', description: 'Chiffres nationaux, sans rien de nominatif' },
  { name: 'server', description: 'État du serveur' },
]

function documented<S>(schema: S, route: RouteOptions): S {
  if ((schema as { hide?: boolean } | undefined)?.hide) return { ...schema, security: [] }
  const { public: isPublic, module } = route.config ?? {}
  return {
    ...schema,
    ...(typeof module === 'object' && { 'x-module': module.name }),
    response: allResponses(route),
    security: isPublic ? [] : [{ password: [] }],
  }
}
