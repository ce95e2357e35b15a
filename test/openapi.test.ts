import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeFolder } from './ending.ts'
import { harness } from './harness.ts'
import { redocly } from './redocly.ts'

type Media = { schema?: { format?: string }; example?: unknown; examples?: Record<string, { $ref?: string }> }
type Operation = {
  summary?: string
  description?: string
  operationId?: string
  tags?: string[]
  security?: object[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { examples: Record<string, unknown> } }

async function operations(): Promise<{ name: string; operation: Operation; document: Document }[]> {
  const { anonymous } = await harness()
  const document = (await anonymous.get('/openapi.json', 200)).body as Document
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
      document,
    })),
  )
}

test('the OpenAPI document passes the strict linter without an error or a warning', async (t) => {
  const { anonymous } = await harness()
  const folder = mkdtempSync(join(tmpdir(), 'sis-openapi-'))
  t.after(() => removeFolder(folder))
  const { body } = await anonymous.get('/openapi.json', 200)
  // What the linter must see: an example that its schema refuses, an operation without a summary.
  const damaged = structuredClone(body) as Document
  damaged.paths['/api/v1/auth/login']!['post']!.requestBody!.content['application/json']!.example = { username: 7 }
  delete damaged.paths['/api/v1/patients']!['get']!.summary
  const [good, bad] = await lint(folder, { good: body as Document, damaged })
  assert.deepEqual(good, [])
  assert.ok(bad?.includes('no-invalid-media-type-examples') && bad.includes('operation-summary'), bad?.join())
})

test('every route has its texts, an example of its body, and an example of each answer', async () => {
  const all = await operations()
  assert.ok(all.length >= 50, `${all.length} operations`)
  assert.equal(new Set(all.map(({ operation }) => operation.operationId)).size, all.length)
  for (const { name, operation, document } of all) {
    assert.ok(operation.summary && operation.description && operation.operationId && operation.tags?.length, name)
    for (const media of Object.values(operation.requestBody?.content ?? {}))
      assert.ok(media.example !== undefined, `${name}: body`)
    for (const [status, { content }] of Object.entries(operation.responses))
      for (const media of Object.values(content ?? {})) {
        const refused = Object.entries(media.examples ?? {})
        assert.ok(
          media.example !== undefined || refused.length > 0 || media.schema?.format === 'binary',
          `${name}: ${status}`,
        )
        for (const [code] of refused) assert.ok(document.components.examples[code], code)
      }
  }
})

test('every route that needs a token says so, with the refusals', async () => {
  for (const { name, operation } of await operations()) {
    if (operation.security?.length === 0) continue
    const codes = Object.keys(operation.responses['401']?.content?.['application/problem+json']?.examples ?? {})
    assert.ok(codes.includes('token_missing'), name)
  }
})

test('Swagger UI and the page of errors are served', async () => {
  const { anonymous } = await harness()
  assert.match((await anonymous.get('/docs', 200)).text, /swagger-ui/)
  const french = await anonymous.get('/docs/errors', 200)
  assert.match(french.headers['content-type'] ?? '', /^text\/html/)
  assert.match(french.text, /<section id="patient_not_found">.*introuvable/i)
  assert.match((await anonymous.get('/docs/errors', 200, { 'accept-language': 'en' })).text, /not found/)
})

/**
 * Lints several documents in one run of the linter, which takes longer to load than to lint.
 * @returns for each, the rules that it breaks
 */
function lint(folder: string, documents: Record<string, Document>): Promise<string[][]> {
  const files = Object.entries(documents).map(([name, document]) => {
    const file = join(folder, `${name}.json`)
    writeFileSync(file, JSON.stringify(document))
    return file
  })
  const environment = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const options = { env: environment, maxBuffer: 50_000_000 }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, redocly('lint', ...files, '--format=json'), options, (error, stdout) => {
      // One JSON document after the other, and nothing between them.
      const list = `[${stdout.slice(stdout.indexOf('{')).replace(/^\}\{$/gm, '},{')}]`
      try {
        const reports = JSON.parse(list) as { problems: { ruleId: string; message: string }[] }[]
        assert.equal(reports.length, files.length)
        resolve(reports.map(({ problems }) => problems.map(({ ruleId }) => ruleId)))
      } catch {
        reject(error ?? new Error(`the linter said: ${stdout.slice(0, 2_000)}`))
      }
    })
  })
}
