import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness } from '../../../test/harness.ts'

const path = '/api/v1/counts'

test('the national level gets figures of every active establishment, nothing small, nothing nominative', async () => {
  const { ministere, insp, cscom, csref } = await harness()
  const patient = await cscom.agent.post(
    '/api/v1/patients',
    { familyName: 'Saye', givenName: 'Yabema', sex: 'F', birth: { precision: 'year', date: '1990' } },
    201,
  )
  const consult = (date: string, caseType: string) =>
    cscom.agent.post(
      '/api/v1/consultations',
      {
        patientId: patient.body.id,
        date,
        practitionerName: 'Dr Guindo',
        reason: 'Fièvre',
        diagnosis: 'Paludisme simple',
        caseType,
      },
      201,
    )
  for (let day = 10; day < 17; day++) await consult(`2026-05-${day}`, 'new')
  for (let day = 10; day < 13; day++) await consult(`2026-06-${day}`, 'new')
  for (const client of [ministere, insp]) {
    const { body, text } = await client.get(path, 200)
    const found = body.items.find(({ slug }: { slug: string }) => slug === 'cscom_sangha')
    assert.deepEqual(found, {
      slug: 'cscom_sangha',
      name: cscom.establishment.name,
      type: 'cscom',
      region: cscom.establishment.region,
      patients: null,
      consultations: 7,
      newCases: 7,
      hidden: true,
    })
    assert.ok(!text.includes('Saye') && !text.includes(patient.body.id))
  }
  const june = await ministere.get(`${path}?from=2026-06-11&to=2026-06-12`, 200)
  assert.deepEqual([june.body.from, june.body.to], ['2026-06-01', '2026-06-30'])
  assert.equal(june.body.items.find(({ slug }: { slug: string }) => slug === 'cscom_sangha').consultations, null)
  const region = await ministere.get(`${path}?region=Bandiagara`, 200)
  assert.deepEqual(
    region.body.items.map(({ slug }: { slug: string }) => slug),
    ['cscom_sangha'],
  )
  const first = await ministere.get(`${path}?limit=1`, 200)
  const second = await ministere.get(`${path}?limit=1&cursor=${first.body.nextCursor}`, 200)
  assert.notEqual(first.body.items[0].slug, second.body.items[0].slug)
  await csref.agent.get(path, 403)
  await csref.admin.get(path, 403)
})
