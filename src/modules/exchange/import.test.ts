import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { harness, type Answer, type Client } from '../../../test/harness.ts'

const register = readFileSync(new URL('../../../test/registers/registre-consultations-csref-djenne.csv', import.meta.url))

export function form(bytes: Uint8Array | string, field = 'file', name = 'registre.csv') {
  const boundary = '----sis-test-boundary'
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: text/csv\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}

const send = (client: Client, bytes: Uint8Array | string, dryRun: boolean, expect?: number): Promise<Answer> =>
  client.send('POST', `/api/v1/imports?dryRun=${dryRun}`, { ...form(bytes), ...(expect && { expect }) })

test('the example register has exactly the expected outcome', async () => {
  const { csref } = await harness()
  const { body } = await send(csref.agent, register, true, 201)
  console.log(JSON.stringify({ ...body, proposals: body.proposals.length }, null, 1))
  const { body: stored } = await send(csref.agent, register, false, 201)
  console.log(stored.stored)
})
