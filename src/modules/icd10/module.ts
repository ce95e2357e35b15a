import { staff } from '../../platform/auth/index.ts'
import { defineModule, type ModuleRight } from '../../platform/modules/index.ts'
import type { NamesOf } from '../../shared/module-types.ts'
import { text } from '../../shared/text.ts'
import { icd10Routes } from './routes.ts'

const rights = {
  'icd10:read': { roles: staff, does: 'chercher dans la CIM-10' },
} as const satisfies Record<string, ModuleRight>

declare module '../../shared/module-types.ts' {
  interface ModuleRights extends NamesOf<typeof rights> {}
}

export const icd10 = defineModule({
  name: 'icd10',
  title: text('CIM-10', 'ICD-10'),
  rights,
  routes: () => icd10Routes,
})
