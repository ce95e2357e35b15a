import { defineModule } from '../../platform/modules/index.ts'
import { text } from '../../shared/text.ts'
import { icd10Routes } from './routes.ts'

export const icd10 = defineModule({
  name: 'icd10',
  title: text('CIM-10', 'ICD-10'),
  routes: () => icd10Routes,
})
