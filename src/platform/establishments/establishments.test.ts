import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testPassword } from '../../../test/fixtures.ts'
import { within } from '../../../test/size.ts'
import { harness } from '../../../test/harness.ts'
import type { Problem } from '../../shared/errors.ts'
import { firstLogin } from '../users/people.fixture.ts'

const path = '/api/v1/establishments'
const wish = { slug: 'cscom_fatoma', name: 'CSCOM de Fatoma', type: 'cscom', region: 'Mopti', cercle: 'Mopti' }

/** What the supervisor does every second. */
async function reconcile(): Promise<void> {
  const { database, tenancy } = await harness()
  const owner = await database.owner()
  await owner.reconcile()
  await owner.close()
  await tenancy.directory.refresh()
}

test('an establishment is wished for, prepared, and then active', async () => {
  const { superadmin } = await harness()
  const key = { 'idempotency-key': 'fatoma-1' }
  const { body, headers } = await superadmin.post(path, wish, 202, key)
  assert.deepEqual([body.status, body.version, headers['location']], ['provisioning', 1, `${path}/cscom_fatoma`])
  assert.deepEqual((await superadmin.post(path, wish, 202, key)).body, body)
  assert.equal((await superadmin.post(path, { ...wish, name: 'Autre' }, 422, key)).body.code, 'idempotency_key_reused')
  assert.equal((await superadmin.post(path, wish, 409)).body.code, 'slug_taken')
  await reconcile()
  assert.equal((await superadmin.get(`${path}/cscom_fatoma`, 200)).body.status, 'active')
})

test('one that could not be prepared is told, and prepared again when it is asked for', async () => {
  const { superadmin, database } = await harness()
  const url = `${path}/cscom_konna`
  const { body } = await superadmin.post(path, { ...wish, slug: 'cscom_konna', name: 'CSCOM de Konna' }, 202)
  const [row] = await database.asSuperuser<{ schema_name: string }>(
    'select schema_name from sis_platform.establishment where id = $1',
    [body.id],
  )
  await database.asSuperuser(`create schema ${row?.schema_name}`)
  await reconcile()
  const failed = await superadmin.get(url, 200)
  assert.equal(failed.body.status, 'failed')
  await database.asSuperuser(`drop schema ${row?.schema_name}`)
  await superadmin.patch(url, { status: 'suspended', reason: 'Essai' }, failed.body.version, 409)
  const wished = { status: 'active', reason: 'Cause levée' }
  assert.equal((await superadmin.patch(url, wished, failed.body.version, 200)).body.status, 'provisioning')
  await reconcile()
  assert.equal((await superadmin.get(url, 200)).body.status, 'active')
})

test('a preparation that only had to wait is tried again by itself', async () => {
  const { superadmin, database } = await harness()
  const url = `${path}/cscom_soufroulaye`
  await superadmin.post(path, { ...wish, slug: 'cscom_soufroulaye', name: 'CSCOM de Soufroulaye' }, 202)
  // Only preparations work as another role than their login.
  await database.asSuperuser(`create function sis_platform.wait_too_long() returns event_trigger language plpgsql as
    $$ begin if current_user <> session_user then raise 'waited too long' using errcode = '55P03'; end if; end $$`)
  await database.asSuperuser(`create event trigger wait_too_long on ddl_command_start when tag in ('CREATE SCHEMA')
    execute function sis_platform.wait_too_long()`)
  await reconcile()
  assert.equal((await superadmin.get(url, 200)).body.status, 'provisioning')
  await database.asSuperuser('drop event trigger wait_too_long')
  await reconcile()
  assert.equal((await superadmin.get(url, 200)).body.status, 'active')
})

test('what does not fit is refused with the field’s name', async () => {
  const { superadmin } = await harness()
  for (const [extra, field] of [
    [{ slug: 'CSCOM Fatoma' }, 'slug'],
    [{ slug: 'x; drop schema sis_platform' }, 'slug'],
    [{ type: 'clinique' }, 'type'],
    [{ region: 'Mopty' }, 'region'],
    [{ name: '' }, 'name'],
    [{ cercle: 'x'.repeat(81) }, 'cercle'],
    [{ schemaName: 'sis_platform' }, 'schemaName'],
    [{ status: 'active' }, 'status'],
  ] as const) {
    const { body } = await superadmin.post(path, { ...wish, ...extra }, 400)
    assert.equal(body.errors[0].path, field, JSON.stringify(body))
  }
})

test('the directory shows all to the platform and the nation, one’s own to the others', async () => {
  const { superadmin, ministere, insp, csref } = await harness()
  for (const client of [superadmin, ministere, insp]) {
    const { body } = await client.get(`${path}?limit=100`, 200)
    assert.ok(body.items.length >= 4)
    await client.get(`${path}/sih_mopti`, 200)
  }
  for (const client of [csref.agent, csref.admin]) {
    const { body } = await client.get(path, 200)
    assert.deepEqual(
      body.items.map(({ slug }: { slug: string }) => slug),
      ['csref_djenne'],
    )
    const [foreign, nowhere] = [await client.get(`${path}/sih_mopti`, 404), await client.get(`${path}/nulle_part`, 404)]
    assert.deepEqual({ ...foreign.body, requestId: '' }, { ...nowhere.body, requestId: '' })
  }
  assert.equal((await superadmin.get(`${path}?type=hospital`, 200)).body.items[0].slug, 'sih_mopti')
  const first = await superadmin.get(`${path}?limit=1`, 200)
  const second = await superadmin.get(`${path}?limit=1&cursor=${first.body.nextCursor}`, 200)
  assert.notEqual(first.body.items[0].slug, second.body.items[0].slug)
})

test('names change, slug and type do not; the version is compared; its people can read the act', async () => {
  const { superadmin, cscom } = await harness()
  const url = `${path}/cscom_sangha`
  const { body } = await superadmin.get(url, 200)
  await superadmin.patch(url, { slug: 'autre' }, body.version, 400)
  await superadmin.patch(url, { type: 'hospital' }, body.version, 400)
  await superadmin.patch(url, { name: 'CSCOM central de Sangha' }, undefined, 428)
  const changed = await superadmin.patch(
    url,
    { name: 'CSCOM central de Sangha', healthDistrict: 'Bandiagara' },
    body.version,
    200,
  )
  assert.deepEqual(
    [changed.body.name, changed.body.healthDistrict, changed.body.version],
    ['CSCOM central de Sangha', 'Bandiagara', body.version + 1],
  )
  await superadmin.patch(url, { name: 'Encore' }, body.version, 412)
  await cscom.admin.patch(url, { name: 'À nous' }, body.version + 1, 403)
  const acts = await cscom.admin.get('/api/v1/audit', 200)
  assert.ok(
    acts.body.items.some(
      (one: { action: string; actor: { role: string } }) =>
        one.action === 'establishment.update' && one.actor.role === 'SUPER_ADMIN',
    ),
  )
})

test('a suspended establishment is refused within two seconds, here and by the database; reactivated, it works again', async () => {
  const { superadmin, cabinet, anonymous, tenancy, withToken } = await harness()
  const url = `${path}/cabinet_etoile`
  const { body: login } = await anonymous.post(
    '/api/v1/auth/login',
    { username: 'cabinet_etoile.agent', password: testPassword },
    200,
  )
  const agent = withToken(login.access_token)
  await agent.get('/api/v1/patients', 200)
  const { body } = await superadmin.get(url, 200)
  const reasonless = await superadmin.patch(url, { status: 'suspended' }, body.version, 400)
  assert.equal(reasonless.body.errors[0].path, 'reason')
  await superadmin.patch(url, { status: 'suspended', reason: 'Convention échue' }, body.version, 200)
  assert.equal((await agent.get('/api/v1/patients', 403)).body.code, 'establishment_suspended')
  await agent.get('/api/v1/auth/me', 200)
  const again = await anonymous.post('/api/v1/auth/login', { username: 'cabinet_etoile.agent', password: testPassword })
  assert.equal(again.body.code, 'establishment_suspended')
  assert.equal(
    (await anonymous.post('/api/v1/auth/refresh', { refresh_token: login.refresh_token })).body.code,
    'establishment_suspended',
  )

  // The second lock: even a process that believes it active is refused by the grants.
  await reconcile()
  const believedActive = { ...cabinet.establishment, status: 'active' as const }
  await assert.rejects(
    tenancy.tenant(believedActive).read((db) => db.selectFrom('patient').select('id').execute()),
    (error: Problem) => (error.options.cause as { code?: string }).code === '42501',
  )

  await superadmin.patch(url, { status: 'active', reason: 'Convention renouvelée' }, body.version + 1, 200)
  // Open again in the directory, not yet in the database: to be tried again, and no failure of ours.
  const early = await agent.get('/api/v1/patients', 503)
  assert.deepEqual([early.body.code, early.headers['retry-after']], ['establishment_not_ready', '1'])
  await reconcile()
  await agent.get('/api/v1/patients', 200)
  assert.equal(
    (await anonymous.post('/api/v1/auth/refresh', { refresh_token: login.refresh_token })).status,
    200,
    'the session was kept',
  )
})

test('another process notices a suspension within two seconds', async () => {
  const { superadmin, database } = await harness()
  const { createTenancy } = await import('#tenancy')
  const { quiet } = await import('../../../test/cluster.ts')
  const other = await createTenancy({
    url: database.apiUrl,
    installation: database.installation,
    poolSize: 2,
    log: quiet,
  })
  try {
    const url = `${path}/sih_mopti`
    const { body } = await superadmin.get(url, 200)
    await superadmin.patch(url, { status: 'suspended', reason: 'Essai' }, body.version, 200)
    const started = Date.now()
    while (other.directory.findBySlug('sih_mopti')?.status === 'active') {
      assert.ok(Date.now() - started < within(2_000), 'still active')
      await sleep(50)
    }
    await superadmin.patch(url, { status: 'active', reason: 'Essai' }, body.version + 1, 200)
  } finally {
    await other.close()
  }
})

test('archived is final: sessions end, nobody logs in, and its slug is never used again', async () => {
  const { superadmin, anonymous, withToken } = await harness()
  const admin = {
    username: 'fatoma.admin',
    displayName: 'Essai',
    roles: ['ADMIN_LOCAL'],
    establishment: 'cscom_fatoma',
  }
  const { body: added } = await superadmin.post('/api/v1/users', admin, 201)
  const password = 'la digue de Markala tient'
  await anonymous.post('/api/v1/auth/activate', { token: added.activation.token, password }, 204)
  const { tokens: login } = await firstLogin('fatoma.admin', password)
  const url = `${path}/cscom_fatoma`
  const { body } = await superadmin.get(url, 200)
  await superadmin.patch(url, { status: 'archived', reason: 'Fermé' }, body.version, 200)
  const client = withToken(login.access_token)
  assert.equal((await client.get('/api/v1/users', 403)).body.code, 'establishment_archived')
  const renewed = await anonymous.post('/api/v1/auth/refresh', { refresh_token: login.refresh_token })
  assert.deepEqual([renewed.status, renewed.body.code], [401, 'session_closed'])
  assert.equal(
    (await superadmin.patch(url, { status: 'active', reason: 'Regret' }, body.version + 1, 409)).body.code,
    'status_change_refused',
  )
  assert.equal((await superadmin.post(path, wish, 409)).body.code, 'slug_taken')
})
