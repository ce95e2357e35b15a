import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../../shared/errors.ts'
import { chooseGrant, type Membership } from './grants.ts'
import { agentRoleOf, establishmentTypes, fits, mayGrant, rightsOf, roles } from './rights.ts'

const at = (slug: string, roles: Membership['roles'], status = 'active'): Membership => ({
  establishment: { id: `id of ${slug}`, slug, name: slug, type: 'csref', status },
  roles,
})
const memberships = [
  at('a', ['SIS_CSREF', 'ADMIN_LOCAL']),
  at('b', ['ADMIN_LOCAL']),
  at('c', ['SIS_CSREF'], 'suspended'),
]
const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return (error as Problem).code
  }
}

test('the establishment is the named one, else the last, else the first that is open', () => {
  assert.equal(chooseGrant(null, memberships).establishment?.slug, 'a')
  assert.equal(chooseGrant(null, memberships, {}, 'id of b').establishment?.slug, 'b')
  assert.equal(chooseGrant(null, memberships, {}, 'id of c').establishment?.slug, 'a')
  assert.equal(chooseGrant(null, memberships, { establishment: 'b' }, 'id of a').establishment?.slug, 'b')
  assert.equal(
    codeOf(() => chooseGrant(null, memberships, { establishment: 'c' })),
    'establishment_suspended',
  )
  assert.equal(
    codeOf(() => chooseGrant(null, [memberships[2]!])),
    'establishment_suspended',
  )
  assert.equal(
    codeOf(() => chooseGrant(null, memberships, { establishment: 'd' })),
    'membership_missing',
  )
})

test('the role is the asked one if held, else the daily work’s; all roles held count', () => {
  assert.deepEqual(chooseGrant(null, memberships).role, 'SIS_CSREF')
  assert.deepEqual(chooseGrant(null, memberships, { role: 'ADMIN_LOCAL' }).role, 'ADMIN_LOCAL')
  assert.deepEqual(chooseGrant(null, memberships).roles, ['SIS_CSREF', 'ADMIN_LOCAL'])
  assert.equal(chooseGrant(null, memberships, { establishment: 'b', role: 'ADMIN_LOCAL' }).establishment?.slug, 'b')
  assert.equal(
    codeOf(() => chooseGrant(null, memberships, { establishment: 'b', role: 'SIS_CSREF' })),
    'membership_missing',
  )
})

test('a platform role stands alone; a person without work has no rights', () => {
  assert.deepEqual(chooseGrant('SUPER_ADMIN', memberships), {
    establishment: null,
    role: 'SUPER_ADMIN',
    roles: ['SUPER_ADMIN'],
  })
  assert.equal(
    codeOf(() => chooseGrant('SUPER_ADMIN', memberships, { establishment: 'a' })),
    'membership_missing',
  )
  assert.equal(
    codeOf(() => chooseGrant('SUPER_ADMIN', memberships, { role: 'SIS_CSREF' })),
    'membership_missing',
  )
  const none = chooseGrant(null, [])
  assert.deepEqual([none.establishment, none.role, rightsOf(none.roles).size], [null, null, 0])
})

test('every type has its agent; nobody grants above or across', () => {
  for (const type of establishmentTypes) {
    assert.deepEqual(roles.filter((role) => fits(role, type)).sort(), ['ADMIN_LOCAL', agentRoleOf(type)].sort())
    for (const granter of roles)
      for (const role of roles)
        assert.equal(
          mayGrant(granter, role, type),
          granter === 'ADMIN_LOCAL' && fits(role, type),
          `${granter} ${role} ${type}`,
        )
  }
})
