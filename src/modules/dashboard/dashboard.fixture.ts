import { nothing } from '../../../test/isolation/plan.ts'
import type { ModuleFixture } from '../../../test/modules.ts'
import { staff } from '../../../test/roles.ts'

export const fixture: ModuleFixture = {
  rights: { 'GET /api/v1/dashboard': staff },
  plans: { 'GET /api/v1/dashboard': nothing(200, 'counts of the own establishment') },
}
