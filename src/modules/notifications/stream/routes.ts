import { Type } from 'typebox'
import { endOf } from '../../../platform/auth/index.ts'
import { whenClosed } from '../../../platform/http/endings.ts'
import type { Routes } from '../../../platform/http/index.ts'
import { isEnabled, type ModuleContext } from '../../../platform/modules/index.ts'
import { object, responses } from '../../../shared/schemas.ts'
import type { Daily } from '../daily.ts'
import { readerOf } from '../reader.ts'
import { beginningOf } from './beginning.ts'
import { example } from './example.ts'
import { Feeds } from './feeds.ts'
import { Outlet } from './outlet.ts'
import { Places } from './places.ts'

export const streamRoutes =
  ({ access }: ModuleContext, daily: Daily): Routes =>
  async (app) => {
    const places = new Places()
    const feeds = new Feeds({
      tenancy: access.tenancy,
      // What could not be looked at now is looked at in the next round.
      look: (establishmentId) => void daily.look(establishmentId).catch(() => {}),
      endOf({ auth }) {
        const { establishment } = auth
        const now = establishment && access.tenancy.directory.findById(establishment.id)
        return (
          endOf(access, auth, Date.now()) ?? (now && isEnabled(now, 'notifications') ? undefined : 'module_disabled')
        )
      },
    })
    // Before the server waits for its connections to end.
    app.addHook('preClose', async () => feeds.close())

    app.get(
      '/notifications/stream',
      {
        config: { right: 'notifications:read', access: { action: 'notification.stream' }, load: 'stream' },
        schema: {
          operationId: 'streamNotifications',
          tags: ['notifications'],
          summary: 'Notifications as they come',
          description: example,
          querystring: object({
            follow: Type.Optional(
              Type.Boolean({
                default: true,
                description: 'false: what came after Last-Event-ID, then the end; for networks that hold a stream back',
              }),
            ),
          }),
          headers: Type.Object(
            {
              'last-event-id': Type.Optional(
                Type.String({
                  maxLength: 100,
                  description: 'The `id` that was received last: the stream goes on after it, nothing is lost',
                  examples: ['5f0c6a1e-93b7-8d52-9c1e-0000000000a7'],
                }),
              ),
            },
            { additionalProperties: true },
          ),
          response: {
            ...responses({}, 'busy', 'too_many_requests'),
            200: {
              description: 'Server-Sent Events, until the client or the server ends it',
              content: {
                'text/event-stream': { schema: Type.Unsafe<unknown>(Type.String({ description: 'Events' })) },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { auth, actor, tenant, language } = request
        const { id: establishmentId } = tenant.establishment
        places.take(auth.account.id, reply.raw)
        const { 'last-event-id': heard } = request.headers
        const { cursor, isReset, unread } = await tenant.read((db) => beginningOf(db, readerOf(auth, actor), heard))
        const outlet = new Outlet(auth, language, reply.raw, cursor)
        outlet.open(isReset ? 'reset' : 'ready', unread)
        whenClosed(reply.raw, () => feeds.leave(establishmentId, outlet))
        const { follow = true } = request.query
        const giving = follow
          ? feeds.join(establishmentId, outlet)
          : feeds.giveMissed(establishmentId, outlet).then(() => outlet.finish('given'))
        void giving.catch(() => outlet.end('unavailable'))
        return reply
          .headers({
            'content-type': 'text/event-stream; charset=utf-8',
            'cache-control': 'no-store, no-transform',
            // nginx and those who follow it; each event is sent on at once.
            'x-accel-buffering': 'no',
            // One stream, one connection: it ends with it, also when the process does.
            connection: 'close',
          })
          .send(outlet.stream)
      },
    )
  }
