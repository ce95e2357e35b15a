import assert from 'node:assert/strict'
import test from 'node:test'
import { phoneOf } from '../src/platform/users/people.fixture.ts'
import { newDataDir, sis, statusOf } from './sis-process.ts'
import { within } from './size.ts'

// The command line as a script uses it: real processes, exit codes, one JSON document on the standard output.
const quiet = { SIS_DEMO: 'off', SIS_WORKERS: '1' }

test('commands work on a stopped installation, then on the running one', async (t) => {
  const dataDir = newDataDir(t)
  const environment = { ...quiet, SIS_DATA_DIR: dataDir }
  const run = async (...args: string[]) => {
    const command = sis(t, args, environment)
    const code = await command.exit
    return { code, json: () => JSON.parse(command.stdout()) as Record<string, unknown>, output: command.output() }
  }

  const first = await run(
    'user',
    'create',
    '--role',
    'SUPER_ADMIN',
    '--username',
    'awa.traore',
    '--name',
    'Awa Traoré',
    '--json',
  )
  assert.equal(first.code, 0, first.output)
  const token = String(first.json()['url']).split('#')[1]
  assert.ok(token)

  const server = sis(t, ['serve'], environment)
  await server.ready()
  const post = (path: string, body: object, bearer?: string) =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) },
      body: JSON.stringify(body),
    })
  const password = 'la pirogue attend au bord du Bani'
  assert.equal((await post('/api/v1/auth/activate', { token, password })).status, 204)
  const logIn = () => post('/api/v1/auth/login', { username: 'awa.traore', password })
  const { access_token: bearer } = (await (await logIn()).json()) as { access_token: string }
  const { secret } = (await (await post('/api/v1/auth/totp', { password }, bearer)).json()) as { secret: string }
  assert.equal((await post('/api/v1/auth/totp/confirm', { code: phoneOf(secret).next() }, bearer)).status, 200)
  assert.equal((await logIn()).status, 401)
  const lost = await run('user', 'reset-second-factor', 'awa.traore', '--yes', '--json')
  assert.equal(lost.code, 0, lost.output)
  assert.equal((await logIn()).status, 200)

  const place = ['--name', 'CSRéf de Ténenkou', '--type', 'csref', '--region', 'Mopti', '--json']
  const made = await run('establishment', 'create', 'csref_tenenkou', ...place)
  assert.equal(made.code, 0, made.output)
  assert.equal(made.json()['status'], 'active')
  const again = await run('establishment', 'create', 'csref_tenenkou', ...place)
  assert.equal(again.code, 1)
  assert.equal(again.output.trim().split('\n').length, 1, again.output)

  const unasked = await run('establishment', 'archive', 'csref_tenenkou', '--reason', 'fermeture')
  assert.equal(unasked.code, 1)
  assert.match(unasked.output, /ajoutez --yes/)
  const suspended = await run('establishment', 'suspend', 'csref_tenenkou', '--reason', 'travaux', '--yes', '--json')
  assert.equal(suspended.code, 0, suspended.output)
  const listed = await run('establishment', 'list', '--json')
  assert.match(JSON.stringify(listed.json()), /"csref_tenenkou".*"suspended"/)
  assert.doesNotMatch(listed.output, /schema/)

  const chosen = await run('establishment', 'modules', 'csref_tenenkou', 'stays=off', '--json')
  assert.equal(chosen.code, 0, chosen.output)
  assert.match(JSON.stringify(chosen.json()), /"name":"stays"[^}]*"enabled":false/)
  for (const [choice, sentence] of [
    ['stays', /module=on/],
    ['lits=default', /beds/],
    ['patients=off', /toujours activé/],
  ] as const) {
    const refused = await run('establishment', 'modules', 'csref_tenenkou', choice)
    assert.equal(refused.code, 1, refused.output)
    assert.match(refused.output, sentence)
  }

  const before = await (await fetch(`${server.url}/.well-known/jwks.json`)).text()
  assert.equal((await run('keys', 'rotate', '--json')).code, 0)
  await within5s(async () => (await (await fetch(`${server.url}/.well-known/jwks.json`)).text()) !== before)
  assert.equal((await run('user', 'disable', 'awa.traore', '--yes')).code, 0)
  assert.equal((await post('/api/v1/auth/login', { username: 'awa.traore', password })).status, 401)
  assert.equal((await run('demo')).code, 1)
  const doctor = await run('doctor', '--json')
  assert.equal(doctor.code, 0, doctor.output)
  assert.equal(await statusOf(`${server.url}/health/ready`), 200)

  server.signal('SIGTERM')
  assert.equal(await server.exit, 0)
  const stopped = await run('doctor')
  assert.equal(stopped.code, 0, stopped.output)
  assert.match(stopped.output, /Tout est en ordre : \d+ points/)
})

test('a command that is not written as it should be: exit code 2 and a French sentence', async (t) => {
  for (const [args, sentence] of [
    [['demarre'], /commande inconnue : demarre/],
    [['keys', 'rotate', '--vite'], /option inconnue : --vite/],
    [['user', 'disable'], /argument manquant : compte/],
    [['user', 'create', '--username', 'awa'], /option obligatoire manquante/],
  ] as const) {
    const command = sis(t, [...args], quiet)
    assert.equal(await command.exit, 2, command.output())
    assert.match(command.output(), sentence)
  }
})

async function within5s(look: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + within(5_000); Date.now() < end;) if (await look()) return
  assert.fail('not within five seconds')
}
