import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Answer } from './checker.ts'
import type { Case } from './cases.ts'
import { putAside, remember, restless, type World } from './world.ts'
import { setTimeout as sleep } from 'node:timers/promises'

export const endsSession = /^\/api\/v1\/auth\/(logout|sessions|password|establishment)/

/** Asks the application within this process. */
export async function injected(world: World, made: Case): Promise<Answer | undefined> {
  const headers = await headersFor(world, made)
  const started = performance.now()
  const answer = await world.app
    .inject({
      method: made.method as 'GET',
      url: made.url,
      headers,
      remoteAddress: made.remoteAddress,
      ...(made.body !== undefined && { payload: made.body }),
    })
    .catch((error: unknown) => {
      // An address that no client could send.
      if ((error as { code?: string }).code === 'ERR_INVALID_URL') return undefined
      throw error
    })
  if (answer === undefined) return undefined
  const ms = performance.now() - started
  // The line of the log comes once the answer has left.
  await new Promise((resolve) => setImmediate(resolve))
  const told: Answer = {
    status: answer.statusCode,
    headers: answer.headers,
    text: unpacked(answer.rawPayload, String(answer.headers['content-encoding'])),
    ms,
    isHead: made.method === 'HEAD',
    route: world.routeOf(String(answer.headers['x-request-id'])),
  }
  if (told.status === 401 && made.actor !== undefined) world.forget(made.actor)
  if (endsSession.test(made.operation.path)) world.forget(restless)
  if (String(told.headers['content-type']).startsWith('application/json'))
    remember(world, made.operation.path, made.url, told)
  if (made.method === 'DELETE' && told.status === 204) putAside(world, made.operation.path, made.url)
  return told
}

function unpacked(body: Buffer, encoding: string): string {
  if (encoding === 'br') return brotliDecompressSync(body).toString()
  return (encoding === 'gzip' ? gunzipSync(body) : body).toString()
}

/** The same, asked again where the database was away for a moment: what an input causes is answered again. */
export async function patiently(world: World, made: Case): Promise<Answer | undefined> {
  for (let tries = 0; ; tries++) {
    const answer = await injected(world, made)
    if (answer === undefined || !(answer.status === 503 || answer.status === 504) || tries === 3) return answer
    await sleep(1_000)
  }
}

export async function headersFor(world: World, { actor, headers }: Case): Promise<Case['headers']> {
  return { ...(actor !== undefined && { authorization: `Bearer ${await world.token(actor)}` }), ...headers }
}

/** All that is needed to send it once more. */
export function told({ method, url, headers, body, actor, notes }: Case): string {
  const shown =
    body === undefined
      ? undefined
      : body.length > 3_000
        ? `${body.length} bytes, ${body.subarray(0, 300).toString('base64')}…`
        : body.toString('base64')
  return JSON.stringify({ method, url: url.slice(0, 3_000), as: actor, headers, bodyBase64: shown, notes })
}

/** The case as the bytes of a request, whatever its headers hold. */
export function written({ method, url, headers, body = Buffer.alloc(0), actor }: Case, token: string): Buffer {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
  if (!('host' in headers)) lines.push('host: x')
  if (actor !== undefined) lines.push(`authorization: Bearer ${token}`)
  lines.push('connection: close', ...(body.length > 0 ? [`content-length: ${body.length}`] : []))
  return Buffer.concat([Buffer.from(`${method} ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`), body])
}
