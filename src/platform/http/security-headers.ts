import helmet from '@fastify/helmet'
import Fastify, { type FastifyInstance } from 'fastify'

// Many a centre has no certificate on its local network: pages must not be sent to https by force.
export const securityHeaders = {
  contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  crossOriginResourcePolicy: { policy: 'same-site' as const },
}

/**
 * What helmet sets, on every answer. None of it depends on the request, so helmet is asked once: making its headers anew for
 * each answer took 35 µs of it.
 */
export async function registerSecurityHeaders(app: FastifyInstance): Promise<void> {
  const headers = await headersOfHelmet()
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(headers)
    done()
  })
}

async function headersOfHelmet(): Promise<Record<string, string>> {
  const answered = async (prepare: (plain: FastifyInstance) => unknown): Promise<Record<string, unknown>> => {
    const plain = Fastify()
    await prepare(plain)
    plain.get('/', async () => '')
    const { headers } = await plain.inject('/')
    await plain.close()
    return headers
  }
  const [without, all] = [await answered(() => {}), await answered((plain) => plain.register(helmet, securityHeaders))]
  return Object.fromEntries(Object.entries(all).filter(([name]) => !(name in without))) as Record<string, string>
}
