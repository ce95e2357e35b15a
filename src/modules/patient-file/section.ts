import type { Tenant } from '#tenancy'
import type { TSchema } from 'typebox'
import type { ModuleDefinition } from '../../platform/modules/index.ts'
import type { Field } from '../../shared/pdf/index.ts'
import type { Version } from '../history/index.ts'
import type { Viewer } from '../patients/index.ts'

/** A record of a module in a patient's file, hidden ones too: for a machine and for paper, in French. */
export type FiledRecord = {
  data: { readonly id: string }
  title: string
  fields: Field[]
  /** Newest first. */
  history: readonly Version<never>[]
  fieldsOf(version: never): Field[]
}

/** What a module keeps about a patient. */
export type FileSection = {
  /** The member of the file for a machine. */
  member: string
  /** Of a record; it has an `import` (ImportOrigin) besides what `walk` gives. */
  schema: TSchema
  heading: string
  none: string
  /** In pages, the newest first; each page in a transaction of its own. @throws patient_protected */
  walk(read: Tenant['read'], viewer: Viewer, patientId: string): AsyncIterable<FiledRecord[]>
}

declare module '../../shared/module-types.ts' {
  interface ModuleParts {
    /** What it keeps about a patient, for the patient's whole file. */
    readonly file?: FileSection
  }
}

export const sectionsOf = (modules: readonly ModuleDefinition[]): FileSection[] =>
  modules.flatMap(({ file }) => file ?? [])
