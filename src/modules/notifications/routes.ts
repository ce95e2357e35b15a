import { changeOnce, IdempotencyKey, type Routes } from '../../platform/http/index.ts'
import { Nothing } from '../../platform/auth/index.ts'
import type { ModuleContext } from '../../platform/modules/index.ts'
import { responses } from '../../shared/schemas.ts'
import { Daily } from './daily.ts'
import { listNotifications, readOne, readUpTo } from './queries.ts'
import { readerOf } from './reader.ts'
import { NotificationPage, NotificationPath, NotificationQuery, ReadUpTo } from './schemas.ts'
import { streamRoutes } from './stream/routes.ts'

const tags = ['notifications']

export const notificationRoutes =
  (context: ModuleContext): Routes =>
  async (app) => {
    const daily = new Daily(context.access.tenancy, context.modules)
    await app.register(streamRoutes(context, daily))

    app.get(
      '/notifications',
      {
        config: { right: 'notifications:read', access: { action: 'notification.list' } },
        schema: {
          operationId: 'listNotifications',
          tags,
          summary: 'Your notifications',
          description:
            'What is addressed to one of your roles here or to you, of the last 90 days, newest first, with the number of ' +
            'unread ones. Of sensitive files only who sees the file is told.',
          querystring: NotificationQuery,
          response: responses({ 200: NotificationPage }, 'invalid_cursor'),
        },
      },
      async (request) => {
        const { tenant, auth, actor, query, language } = request
        // What could not be looked at now is looked at the next time.
        await daily.look(tenant.establishment.id).catch(() => {})
        return tenant.read((db) => listNotifications(db, readerOf(auth, actor), query, language))
      },
    )

    app.post(
      '/notifications/:id/read',
      {
        config: { right: 'notifications:read' },
        schema: {
          operationId: 'readNotification',
          tags,
          summary: 'Mark one as read',
          description: 'For you only. Again changes nothing.',
          params: NotificationPath,
          headers: IdempotencyKey,
          response: responses(
            { 204: Nothing },
            'notification_not_found',
            'invalid_idempotency_key',
            'idempotency_key_reused',
          ),
        },
      },
      async (request, reply) => {
        const { auth, actor, params } = request
        return changeOnce(request, reply, async (db) => {
          await readOne(db, actor, readerOf(auth, actor), params.id)
          return null
        })
      },
    )

    app.post(
      '/notifications/read',
      {
        config: { right: 'notifications:read' },
        schema: {
          operationId: 'readNotifications',
          tags,
          summary: 'Mark all as read, up to one',
          description: 'For you only: `upTo` and all that came before it. What came after it stays unread.',
          headers: IdempotencyKey,
          body: ReadUpTo,
          response: responses(
            { 204: Nothing },
            'notification_not_found',
            'invalid_idempotency_key',
            'idempotency_key_reused',
          ),
        },
      },
      async (request, reply) => {
        const { auth, actor, body } = request
        return changeOnce(request, reply, async (db) => {
          await readUpTo(db, actor, readerOf(auth, actor), body.upTo)
          return null
        })
      },
    )
  }
