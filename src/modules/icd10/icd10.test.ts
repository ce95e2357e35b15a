import assert from 'node:assert/strict'
import test from 'node:test'
import { harness } from '../../../test/harness.ts'
import { foldText } from '../patients/index.ts'

type Entry = { code: string; label: string; chapter: string }

const search = async (q: string, more = ''): Promise<Entry[]> => {
  const { csref } = await harness()
  return (await csref.agent.get(`/api/v1/icd10?q=${encodeURIComponent(q)}${more}`, 200)).body.items as Entry[]
}
const codes = async (q: string, more = '') => (await search(q, more)).map(({ code }) => code)

// First-line care, mother and child, notifiable diseases: research/health.md 2.8.
const needed =
  'B54 B50.9 B50.8 B50.0 J06.9 J00 J02.9 J03.9 J20.9 J18.9 J45.9 A09.0 A09.9 A06.0 A03.9 A01.0 B82.9 B65.0 K29.7 K27 I10 E11.9 D57.1 ' +
  'D57.0 D64.9 E43 E44.0 N39.0 A64 N76.0 L30.9 L08.9 L02.9 B35.9 B86 H10.9 H66.9 K04.7 K02.9 M54.5 T14.1 T30.0 T63.0 W54 R50.9 R51 ' +
  'Z34.9 O80.9 O82.9 O14.9 O15.9 O72.1 O03.9 Z30.9 Z39.2 P07.1 P21.9 P36.9 Z00.1 A00.9 A05.1 A15.0 A16.9 A20.9 A22.9 A23.9 A30.9 A33 ' +
  'A35 A36.9 A37.9 A39.0 G00.9 A71.9 A80.9 G82.0 A82.9 A90 A91 A97 A92.0 A92.4 A92.5 U06.9 A95.9 A96.2 A98.0 A98.3 A98.4 A99 B04 B05.9 ' +
  'B06.9 B16.9 B24 Z21 B56.9 B72 B73 B74.9 J09 U07.1 O95'

test('the codes of first-line care, mother and child and notifiable diseases are there', async () => {
  for (const code of needed.split(' ')) assert.equal((await codes(code))[0], code)
})

test('words are found without accents and capitals, in any order', async () => {
  assert.deepEqual(
    (await codes('paludisme')).filter((code) => !code.startsWith('B5')),
    [],
  )
  assert.ok((await codes('PALUDISME')).includes('B54'))
  assert.ok((await codes('palu')).includes('B54'))
  assert.deepEqual(await codes('grave paludisme'), ['B50.8'])
  assert.equal((await codes('typhoide'))[0], 'A01.0')
  assert.ok((await codes('oedeme')).includes('R60.9'))
  assert.deepEqual(await codes('morsure chien'), ['W54'])
})

test('the beginning of a code finds all below it, however it is written', async () => {
  assert.deepEqual(await codes('B50'), ['B50', 'B50.0', 'B50.8', 'B50.9'])
  assert.deepEqual(await codes('b50.8'), ['B50.8'])
  assert.deepEqual(await codes('b508'), ['B50.8'])
  assert.ok((await codes('A0')).every((code) => code.startsWith('A0')))
})

test('pages follow each other; nonsense finds nothing; bounds are kept', async () => {
  const { csref } = await harness()
  const seen: string[] = []
  let cursor = ''
  do {
    const { items, nextCursor } = (
      await csref.agent.get(`/api/v1/icd10?limit=100${cursor && `&cursor=${cursor}`}`, 200)
    ).body as {
      items: Entry[]
      nextCursor: string | null
    }
    seen.push(...items.map(({ code }) => code))
    cursor = nextCursor ?? ''
  } while (cursor)
  assert.deepEqual(seen, [...new Set(seen)].toSorted())
  assert.ok(seen.length >= 500, `${seen.length} codes`)
  assert.deepEqual(await codes('zzzz'), [])
  assert.deepEqual(await codes('%'), [])
  assert.deepEqual(await codes('B5_'), [])
  assert.equal((await search('paludisme', '&limit=2')).length, 2)
  for (const wrong of ['limit=0', 'limit=101', 'q=', 'cursor=abc', `q=${'a'.repeat(101)}`])
    await csref.agent.get(`/api/v1/icd10?${wrong}`, 400)
})

test('the search key in the database is the label as the program folds it', async () => {
  const { database } = await harness()
  const rows = await database.asSuperuser<{ code: string; label: string; search_key: string }>(
    'select code, label, search_key from sis_ref.icd10',
  )
  for (const { code, label, search_key } of rows) assert.equal(search_key, foldText(label), code)
})
