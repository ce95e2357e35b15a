import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../../shared/errors.ts'
import { HashQueue } from './hash-queue.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { refusePassword } from './password-rules.ts'

// From passlib's own tests (tests/test_handlers_bcrypt.py) and Openwall's crypt_blowfish 1.2.
const passlib: [password: string, hash: string][] = [
  ['táБℓə', '$2b$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG'],
  ['táБℓə', '$2a$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG'],
  ['U*U*U*U*', '$2a$05$c92SVSfjeiCD6F2nAD6y0uBpJDjdRkt0EgeC4/31Rf2LUZbDRDE.O'],
  ['U*U***U', '$2a$05$WY62Xk2TXZ7EvVDQ5fmjNu7b0GEzSzUXUh2cllxJwhtOeMtWV3Ujq'],
  ['', '$2a$05$Otz9agnajgrAe0.kFVF9V.tzaStZ2s1s4ZWi/LY4sw2k/MTVFj/IO'],
  ['ё', '$2y$05$6bNw2HLQYeqHYyBfLMsv/OUcZd0LKP39b87nBw3.S2tVZSqiQX6eu'],
  [
    '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
    '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
  ],
  ['0123456789'.repeat(26).slice(0, 255), '$2a$04$R1lJ2gkNaoPGdafE.H.16.1MKHPvmKwryeulRe225LKProWYwt9Oi'],
]

test('passlib bcrypt hashes verify, are told to be upgraded, and the upgrade verifies', async () => {
  for (const [password, hash] of passlib) {
    const { ok, upgraded } = await verifyPassword(hash, password)
    assert.ok(ok, hash)
    assert.match(upgraded ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    assert.deepEqual(await verifyPassword(upgraded ?? '', password), { ok: true })
    assert.deepEqual(await verifyPassword(hash, `x${password}`), { ok: false })
  }
})

test('an old hash reads 72 bytes, even through a letter; its upgrade reads the whole password', async () => {
  const { hash } = await import('@node-rs/bcrypt')
  // 71 bytes, then é in two: the 72nd byte is the first half of é, and è has the same first half.
  const typed = `${'a'.repeat(71)}é et la suite`
  const old = await hash(Buffer.from(typed).subarray(0, 72), 4)
  const { ok, upgraded } = await verifyPassword(old, typed)
  assert.ok(ok)
  assert.ok((await verifyPassword(old, `${'a'.repeat(71)}è autre suite`)).ok, 'bcrypt cannot tell')
  assert.ok(!(await verifyPassword(old, `${'a'.repeat(71)}x`)).ok)
  assert.ok(!(await verifyPassword(upgraded ?? '', `${'a'.repeat(71)}è autre suite`)).ok, 'argon2id can')
  assert.ok(!(await verifyPassword(old, `${typed.slice(0, 20)}\0${typed.slice(20)}`)).ok)
})

test('a password is one, however its letters were composed', async () => {
  const stored = await hashPassword('Les manguiers de Sévaré')
  assert.ok((await verifyPassword(stored, 'Les manguiers de Sévaré'.normalize('NFD'))).ok)
  assert.ok(!(await verifyPassword(stored, 'Les manguiers de Sevare')).ok)
  assert.ok(!(await verifyPassword(stored, 'Les manguiers de Sévaré ')).ok)
})

test('a weaker argon2id hash is raised at login, one of today is left alone', async () => {
  const { hash } = await import('@node-rs/argon2')
  const weak = await hash('la pluie sur le toit', { memoryCost: 8192, timeCost: 1 })
  assert.ok((await verifyPassword(weak, 'la pluie sur le toit')).upgraded)
  assert.equal(
    (await verifyPassword(await hashPassword('la pluie sur le toit'), 'la pluie sur le toit')).upgraded,
    undefined,
  )
})

test('no hash, or one of an unknown kind, never verifies', async () => {
  for (const stored of [null, '', 'x', '$1$abc$def', '$2b$12$trop-court', '$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA'])
    assert.deepEqual(await verifyPassword(stored, 'x'), { ok: false }, String(stored))
})

test('more hashes than the queue holds are told to come back, the others all finish', async () => {
  const asker = (i: number) => ({ network: `192.0.2.${i % 8}`, known: false })
  const all = await Promise.allSettled(Array.from({ length: 120 }, (_, i) => verifyPassword(null, 'x', asker(i))))
  const refused = all.filter((one) => one.status === 'rejected').map((one) => one.reason as Problem)
  assert.ok(refused.length > 0 && refused.length < 60, `${refused.length} refused`)
  assert.ok(refused.every((reason) => reason.code === 'busy' && reason.options.retryAfter === 2))
  assert.deepEqual(await verifyPassword(null, 'x'), { ok: false })
})

/** A queue of one hash at a time; each that runs is ended by `end`. */
function slowQueue(room: { strangers: number; perNetwork: number; known: number }) {
  const queue = new HashQueue({ parallel: 1, ...room })
  const began: string[] = []
  const ends: (() => void)[] = []
  const ask = (name: string, network: string, known = false): Promise<void> =>
    queue.run(
      () =>
        new Promise<void>((resolve) => {
          began.push(name)
          ends.push(resolve)
        }),
      { network, known },
    )
  const end = async (): Promise<void> => {
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { queue, began, ask, end }
}

test('one network cannot fill the queue, nor all strangers the room of those who are known', async () => {
  const { queue, ask, end } = slowQueue({ strangers: 6, perNetwork: 3, known: 2 })
  const busy = (promise: Promise<void>) => assert.rejects(promise, { code: 'busy' })
  const served = [ask('first', 'a')]
  for (let i = 0; i < 3; i++) served.push(ask('', 'a'))
  await busy(ask('', 'a'))
  for (let i = 0; i < 3; i++) served.push(ask('', 'b'))
  await busy(ask('', 'c'))
  served.push(ask('', 'a', true), ask('', 'c', true))
  await busy(ask('', 'c', true))
  assert.equal(queue.waiting, 8)
  for (let i = 0; i < served.length; i++) await end()
  await Promise.all(served)
  assert.equal(queue.waiting, 0)
})

test('who is known goes first, then one of each network in turn', async () => {
  const { began, ask, end } = slowQueue({ strangers: 64, perNetwork: 16, known: 8 })
  const served = [ask('first', 'a')]
  for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) served.push(ask(name, name.slice(0, 1)))
  served.push(ask('owner', 'a', true))
  for (let i = 0; i < served.length; i++) await end()
  await Promise.all(served)
  assert.deepEqual(began, ['first', 'owner', 'a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

test('a hash that fails hands its place over', async () => {
  const queue = new HashQueue({ parallel: 1, strangers: 2, perNetwork: 2, known: 2 })
  const failing = queue.run(() => Promise.reject(new Error('no memory')))
  const next = queue.run(async () => 'done')
  await assert.rejects(failing, /no memory/)
  assert.equal(await next, 'done')
  assert.equal(await queue.run(async () => 'again'), 'again')
})

test('new passwords: length, guessable ones, the same again', () => {
  const context = ['csref_djenne.agent', 'Aminata Coulibaly', 'CSRéf de Djenné']
  const refused = [
    'court',
    'onzecaracte',
    'motdepasse123',
    'M0tDeP@sse2026!',
    'azertyuiop123',
    'Bienvenue2026!!',
    'aaaaaaaaaaaaaaaa',
    '123456789012345',
    'abcdefghijklmnop',
    'Coulibaly-Aminata-1990',
    'csref_djenne.agent',
    'Djenné Mopti Mali 2026',
    'hôpital hôpital hôpital',
    'x'.repeat(300),
    'fin coupée \ud800 ici même',
    'avec un \0 dedans ici',
  ]
  const leaked = `
    1qaz2wsx3edc 1a2z3e4r5t6y aqwzsxedcrfv 1234qwerasdf 147258369147 112233445566 a1b2c3d4e5f6 manchesterunited
    olympiquemarseille iloveyouforever theworldinyourhand playstation2 michaeljordan christopher1 Mamadou12345
    Aminata12345 Traore123456 Bamako2026!! trustno1trustno1 motherfucker`
  refused.push(...leaked.trim().split(/\s+/))
  for (const password of refused) assert.ok(refusePassword(password, context), password)
  const accepted = [
    'le baobab parle au vent',
    'correct horse battery staple',
    'vTq8-mZe2-Lp0x',
    '83726194057216',
    'ما شاء الله تبارك الرحمن',
    'é'.repeat(4) + 'quatre boucs noirs',
  ]
  for (const password of accepted) assert.equal(refusePassword(password, context), undefined, password)
  const present = 'les vents de Sévaré'
  assert.ok(refusePassword(present.normalize('NFD'), context, present))
  assert.equal(refusePassword('les pluies de Sévaré', context, present), undefined)
})
