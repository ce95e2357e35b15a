// One establishment out of the database and into another: the side of it that speaks SQL.
export { readEstablishment } from './read.ts'
export { eachRestored, readRestored } from './restored.ts'
export { recordName } from './catalogue.ts'
export { writeEstablishment } from './write.ts'
export type {
  Arrival,
  ArrivingTable,
  EstablishmentContents,
  Person,
  PortableEstablishment,
  PortableTable,
  Proof,
  Restored,
  RestoredRecord,
} from './types.ts'
