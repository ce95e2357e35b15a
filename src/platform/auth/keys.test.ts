import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTenancy } from '#tenancy'
import { quiet } from '../../../test/cluster.ts'
import { harness } from '../../../test/harness.ts'
import { openAccess } from './access.ts'
import { ensureKeys, rotateKeys } from './keys.ts'
import { verifyToken } from './tokens.ts'

const master = Buffer.alloc(32, 7)
const jwks = '/.well-known/jwks.json'
const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid

test('the keys are published, without their private halves, for a minute', async () => {
  const { anonymous, csref } = await harness()
  const { body, headers, text } = await anonymous.get(jwks, 200)
  assert.ok(body.keys.length >= 2)
  assert.ok(body.keys.some(({ kid }: { kid: string }) => kid !== undefined))
  assert.ok(body.keys.map((key: { kid: string }) => key.kid).includes(kidOf((await csref.agent.token()) ?? '')))
  assert.ok(!text.includes('"d"'))
  assert.match(headers['cache-control'] ?? '', /max-age=60/)
})

test('ten rotations under load refuse no valid token, in this process or in another', async () => {
  const { tenancy, anonymous, as, withToken, database, access } = await harness()
  // Another process, whose directory was read before: it knows new keys by their unknown id only.
  const other = await createTenancy({
    url: database.apiUrl,
    installation: database.installation,
    poolSize: 2,
    log: quiet,
  })
  const elsewhere = await openAccess({ tenancy: other, masterKey: master, installation: database.installation })
  try {
    const tokens: string[] = []
    const kids = new Set<string>()
    for (let i = 0; i < 10; i++) {
      await rotateKeys(tenancy.platform, master)
      // An unknown id makes a process re-read its keys: from here on it signs with the new one.
      await access.keys.find('unknown')
      const token = (await as('csref_djenne.agent').token()) ?? ''
      tokens.push(token)
      kids.add(kidOf(token))
      const answers = await Promise.all(tokens.map((one) => withToken(one).get('/api/v1/auth/me')))
      assert.ok(answers.every(({ status }) => status === 200))
      await verifyToken(token, (kid) => elsewhere.keys.find(kid), access.issuer, new Date())
    }
    assert.equal(kids.size, 10)
    const { body } = await anonymous.get(jwks, 200)
    assert.ok(tokens.every((token) => body.keys.some(({ kid }: { kid: string }) => kid === kidOf(token))))
  } finally {
    elsewhere.close()
    await other.close()
  }
})

test('a key that signs no more has no private half left, and is retired after a quarter of an hour', async () => {
  const { tenancy, database } = await harness()
  await rotateKeys(tenancy.platform, master)
  const [kept] = await database.asSuperuser<{ bytes: number }>(
    `select coalesce(sum(length(private_key)), 0)::int as bytes from sis_platform.signing_key where status in ('previous', 'retired')`,
  )
  assert.equal(kept?.bytes, 0)
  await database.asSuperuser(
    `update sis_platform.signing_key set rotated_at = now() - interval '16 minutes' where status = 'previous'`,
  )
  await rotateKeys(tenancy.platform, master)
  const rows = await database.asSuperuser<{ status: string; count: number }>(
    'select status, count(*)::int as count from sis_platform.signing_key group by status order by status',
  )
  assert.deepEqual(
    rows.filter(({ status }) => status !== 'retired').map(({ status, count }) => [status, count]),
    [
      ['current', 1],
      ['next', 1],
      ['previous', 1],
    ],
  )
})

test('after a compromised key every token signed so far is refused, and people log in again', async () => {
  const { tenancy, as, access, withToken } = await harness()
  const token = (await as('csref_djenne.agent').token()) ?? ''
  await rotateKeys(tenancy.platform, master, { compromised: true })
  await tenancy.directory.refresh()
  // The listener re-reads the keys after the directory: an unknown id waits for that same read.
  await access.keys.find('unknown')
  assert.equal((await withToken(token).get('/api/v1/auth/me', 401)).body.code, 'token_invalid')
  await as('csref_djenne.agent').get('/api/v1/auth/me', 200)
})

test('another master key is refused with a sentence, and changes nothing', async () => {
  const { tenancy, as } = await harness()
  await assert.rejects(ensureKeys(tenancy.platform, Buffer.alloc(32, 8)), /SIS_MASTER_KEY/)
  await assert.rejects(rotateKeys(tenancy.platform, Buffer.alloc(32, 8)), /SIS_MASTER_KEY/)
  await as('csref_djenne.agent').get('/api/v1/auth/me', 200)
})
