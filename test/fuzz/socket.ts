import { connect } from 'node:net'
import type { Answer } from './checker.ts'

export type Heard = { answers: Answer[]; reset: boolean; silent: boolean }

const patience = 12_000

/**
 * Sends bytes as they are and listens until the server closes, or has been silent for too long.
 * @param pause milliseconds between two pieces, so that the server sees them apart
 */
export function exchange(port: number, pieces: Buffer[], pause = 0): Promise<Heard> {
  return new Promise((resolve) => {
    const started = performance.now()
    const chunks: Buffer[] = []
    let reset = false
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const timer = setTimeout(() => socket.destroy(), patience)
    const finish = (silent: boolean): void => {
      clearTimeout(timer)
      const answers = answersIn(Buffer.concat(chunks), performance.now() - started)
      resolve({ answers, reset: reset && answers.length === 0, silent })
    }
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') reset = true
    })
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.end())
    socket.on('close', () => finish(performance.now() - started >= patience))
    socket.on('connect', () => {
      const [first, ...others] = pieces
      socket.write(first ?? Buffer.alloc(0))
      others.forEach((piece, i) => setTimeout(() => socket.writable && socket.write(piece), pause * (i + 1)))
    })
  })
}

/** The answers in what a server sent, one after the other. */
function answersIn(bytes: Buffer, ms: number): Answer[] {
  const text = bytes.toString('latin1')
  const head = text.indexOf('\r\n\r\n')
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? []
  if (head < 0 || status === undefined) return []
  const lines = text.slice(0, head).split('\r\n').slice(1)
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const rest = bytes.subarray(head + 4)
  if (status === '100') return answersIn(rest, ms)
  const [body, next] = headers['transfer-encoding'] === 'chunked' ? unchunked(rest) : sized(rest, headers)
  return [{ status: Number(status), headers, text: body.toString(), ms }, ...answersIn(next, ms)]
}

const sized = (rest: Buffer, { 'content-length': length = '0' }: Record<string, string>): [Buffer, Buffer] => [
  rest.subarray(0, Number(length)),
  rest.subarray(Number(length)),
]

function unchunked(rest: Buffer): [Buffer, Buffer] {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const line = rest.indexOf('\r\n', at)
    const length = Number.parseInt(rest.subarray(at, line).toString('latin1'), 16)
    if (line < 0 || Number.isNaN(length)) return [Buffer.concat(parts), Buffer.alloc(0)]
    if (length === 0) return [Buffer.concat(parts), rest.subarray(line + 4)]
    parts.push(rest.subarray(line + 2, line + 2 + length))
    at = line + 2 + length + 2
  }
}

export type Odd = { name: string; pieces: Buffer[]; pause?: number; isHead?: boolean }

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Requests that no library would send. @param token of somebody who may write patients */
export function oddRequests(token: string): Odd[] {
  const to = (line: string, headers: string[], body = ''): string =>
    `${line}\r\n${['Host: x', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`
  const signed = `Authorization: Bearer ${token}`
  const json = 'Content-Type: application/json'
  const body = '{"familyName":"Brut"}'
  const get = (path: string, ...headers: string[]) => to(`GET ${path} HTTP/1.1`, [signed, ...headers])
  const post = (headers: string[], content = body) =>
    to('POST /api/v1/patients HTTP/1.1', [signed, ...headers], content)
  const length = `Content-Length: ${body.length}`
  const requests: Record<string, string> = {
    'a line feed alone between headers': `GET /api/v1/patients HTTP/1.1\nHost: x\n${signed}\n\n`,
    'no host': `GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n`,
    'two hosts': get('/health/live', 'Host: y'),
    'HTTP/1.0': `GET /health/live HTTP/1.0\r\n\r\n`,
    'HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'HTTP/9.9': to('GET / HTTP/9.9', []),
    'no version': to('GET /health/live', []),
    'TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    zeros: '\0'.repeat(64),
    'an unknown method': to('FUZZ /api/v1/patients HTTP/1.1', [signed]),
    TRACE: to('TRACE /api/v1/patients HTTP/1.1', [signed]),
    CONNECT: to('CONNECT /api/v1/patients HTTP/1.1', [signed]),
    PROPFIND: to('PROPFIND /api/v1/patients HTTP/1.1', [signed]),
    'the star': to('OPTIONS * HTTP/1.1', []),
    'an absolute address': to('GET http://evil.example/api/v1/patients HTTP/1.1', [signed]),
    'an address without a slash': to('GET api/v1/patients HTTP/1.1', [signed]),
    'an address with a space': get('/api/v1/pati ents'),
    'an address with bytes above 127': get('/api/v1/patients?q=\xe9\xff'),
    'an address with NUL': get('/api/v1/patients?q=\0'),
    'a malformed percent': get('/api/v1/patients/%zz'),
    'a path that is no UTF-8': get('/api/v1/patients/%ff'),
    'dots in the path': get('/api/v1/../../etc/passwd'),
    'two slashes': get('//api//v1//patients'),
    'an address of 15,000 characters': get(`/api/v1/patients?q=${'a'.repeat(15_000)}`),
    'an address of 100,000 characters': get(`/api/v1/patients?q=${'a'.repeat(100_000)}`),
    'a header of 20,000 characters': get('/api/v1/patients', `X-A: ${'a'.repeat(20_000)}`),
    '3,000 headers': get('/api/v1/patients', ...Array.from({ length: 3_000 }, (_, i) => `X-${i}: a`)),
    '500 small headers': get('/api/v1/patients', ...Array.from({ length: 500 }, (_, i) => `X${i}: a`)),
    'a header with a bare return': get('/api/v1/patients', 'X-A: a\rb'),
    'a header with a line of another': get('/api/v1/patients', 'X-A: a\r\nX-B: b\r\n c'),
    'a header with NUL': get('/api/v1/patients', 'X-A: a\0b'),
    'a header without a name': get('/api/v1/patients', ': a'),
    'a header with a space before its colon': get('/api/v1/patients', 'X-A : a'),
    'a header above 127': get('/api/v1/patients', 'If-None-Match: \xe9\xff'),
    'a key above 127': post([json, length, 'Idempotency-Key: \xe9']),
    'two keys': post([json, length, 'Idempotency-Key: a', 'Idempotency-Key: b']),
    'two versions': to(
      'PATCH /api/v1/patients/0198c0de-7a1b-7c2d-8e3f-0123456789ab HTTP/1.1',
      [signed, json, length, 'If-Match: "1"', 'If-Match: "2"'],
      body,
    ),
    'two authorizations': get('/api/v1/patients', 'Authorization: Bearer x'),
    'two content types': post([json, 'Content-Type: text/plain', length]),
    'a content type after a space': post(['Content-Type:  application/json', length]),
    'a content type and a tab': post(['Content-Type: application/json\t', length]),
    'a tab within the content type': post(['Content-Type: application/json\t;charset=utf-8', length]),
    'length and chunks': post([json, length, 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    'two lengths': post([json, length, 'Content-Length: 5']),
    'a negative length': post([json, 'Content-Length: -1']),
    'a length that is no number': post([json, 'Content-Length: 1e2']),
    'a length beyond all': post([json, 'Content-Length: 99999999999999999999']),
    'a length of a gigabyte': post([json, 'Content-Length: 1073741824'], ''),
    'an unknown transfer coding': post([json, 'Transfer-Encoding: xchunked']),
    'chunked twice': post([json, 'Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'),
    'chunked and gzip': post([json, 'Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'),
    'whole chunks': post([json, 'Transfer-Encoding: chunked'], `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
    'a chunk of no hexadecimal length': post([json, 'Transfer-Encoding: chunked'], `zz\r\n${body}\r\n0\r\n\r\n`),
    'a chunk longer than told': post([json, 'Transfer-Encoding: chunked'], `2\r\n${body}\r\n0\r\n\r\n`),
    'a chunk with a long extension': post(
      [json, 'Transfer-Encoding: chunked'],
      `1;${'x'.repeat(20_000)}\r\n{\r\n0\r\n\r\n`,
    ),
    'a trailer': post([json, 'Transfer-Encoding: chunked'], `2\r\n{}\r\n0\r\nX-A: b\r\n\r\n`),
    'a body to GET': to('GET /api/v1/patients HTTP/1.1', [signed, json, length], body),
    'a second request smuggled behind a GET': get('/api/v1/patients', 'Content-Length: 0') + get('/api/v1/users'),
    'an expectation': post([json, length, 'Expect: 100-continue']),
    'an unknown expectation': post([json, length, 'Expect: 200-ok']),
    'an upgrade': get('/api/v1/patients', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'),
    'an upgrade to HTTP/2': get('/api/v1/patients', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'),
  }
  const odd: Odd[] = Object.entries(requests).map(([name, text]) => ({ name, pieces: [bytes(text)] }))
  const large = `{"notes":"${'x'.repeat(1_000_000)}"}`
  return [
    ...odd,
    { name: 'a body of a megabyte', pieces: [bytes(post([json, `Content-Length: ${large.length}`], large))] },
    {
      name: 'a megabyte in chunks',
      pieces: [
        bytes(post([json, 'Transfer-Encoding: chunked'], `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`)),
      ],
    },
    { name: 'invalid UTF-8', pieces: [bytes(post([json, 'Content-Length: 6'], '{"\xff":1'))] },
    { name: 'in small pieces', pieces: piecesOf(bytes(post([json, length])), 40), pause: 2 },
  ]
}

const piecesOf = (whole: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => whole.subarray(i * size, (i + 1) * size))
