// Records that hold their establishment's mark. Imports nothing of the world: the modules' fixtures are loaded before it.

let serial = 0
/** Never the same twice and always as long, so that two answers about two of them can be compared. */
export const unique = (): string => `u${String((serial += 1)).padStart(6, '0')}x`

export const patientOf = (mark: string) => ({
  familyName: `${mark} ${unique()}`,
  givenName: mark,
  sex: 'F',
  birth: { precision: 'year', date: '1980' },
  village: mark,
  motherName: mark,
  phoneOwner: mark,
  allergies: [mark],
  confirmDuplicate: true,
})
export const visitOf = (mark: string, patientId: string) => ({
  patientId,
  date: '2026-07-01',
  practitionerName: mark,
  reason: mark,
  diagnosis: mark,
  examinations: mark,
  treatment: mark,
  notes: mark,
})
