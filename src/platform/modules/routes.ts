import type { FastifyRequest } from 'fastify'
import { responses } from '../../shared/schemas.ts'
import { say } from '../../shared/text.ts'
import { noticeNow, type Access, type Right } from '../auth/index.ts'
import { ChangeHeaders, changeOnceOnPlatform, expectedVersion, versioned, type Routes } from '../http/index.ts'
import { chooseModules, readModules } from './choose.ts'
import type { ModuleDefinition } from './definition.ts'
import { switching } from './switching.ts'
import { moduleState } from './enabled.ts'
import { EstablishmentModules, ModuleChoices, Modules, SlugParams } from './schemas.ts'

const tags = ['modules']
const named = ({ params }: FastifyRequest): string => (params as { slug: string }).slug

/** Which modules an establishment has: chosen by the platform's administration, told to those who work there. */
export const modulesRoutes =
  (access: Access, modules: readonly ModuleDefinition[]): Routes =>
  async (app) => {
    const { platform } = access.tenancy

    app.get(
      '/modules',
      {
        config: { right: 'modules:read', access: { action: 'module.list' } },
        schema: {
          operationId: 'listModules',
          summary: 'What this establishment and this role may use',
          description:
            'Every module of the application by name: whether the establishment works with it, in which mode, and what this session may do there.',
          tags,
          response: responses({ 200: Modules }),
        },
      },
      ({ tenant: { establishment }, auth, language }) => ({
        items: modules
          .map(({ name, title, rights = {} }) => {
            const state = moduleState(establishment, name)
            const held = state.enabled ? (Object.keys(rights) as Right[]).filter((right) => auth.rights.has(right)) : []
            return { name, title: say(title, language), ...state, rights: held }
          })
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
        nextCursor: null,
      }),
    )

    app.get(
      '/establishments/:slug/modules',
      {
        config: { right: 'modules:write', access: { action: 'establishment.readModules', establishment: named } },
        schema: {
          operationId: 'getEstablishmentModules',
          summary: 'Read which modules an establishment has',
          description: 'Those that can be switched off; the others are always on.',
          tags,
          params: SlugParams,
          response: responses({ 200: EstablishmentModules }, 'establishment_not_found'),
        },
      },
      async ({ params, language }, reply) =>
        versioned(reply, await platform.read('accounts', (db) => readModules(db, params.slug, modules, language))),
    )

    app.put(
      '/establishments/:slug/modules',
      {
        config: { right: 'modules:write' },
        schema: {
          operationId: 'chooseEstablishmentModules',
          summary: 'Switch an establishment’s modules on and off',
          description:
            'Holds everywhere within five seconds. What a module holds stays, and is there again when it is switched on again; refused while something in it must be ended first (open stays). If-Match holds the version that was read. It stands on the establishment’s own record.',
          tags,
          params: SlugParams,
          headers: ChangeHeaders,
          body: ModuleChoices,
          response: responses(
            { 200: EstablishmentModules },
            'establishment_not_found',
            'module_needed',
            'module_in_use',
          ),
        },
      },
      async (request, reply) => {
        const expected = expectedVersion(request)
        const { actor, params, body, language } = request
        try {
          return await switching(access.tenancy, { slug: params.slug, choices: body, all: modules }, () =>
            changeOnceOnPlatform(request, reply, platform, (db) =>
              chooseModules(db, actor, params.slug, body, modules, language, expected),
            ),
          )
        } finally {
          await noticeNow(access)
        }
      },
    )
  }
