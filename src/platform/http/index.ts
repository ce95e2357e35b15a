export {
  changeOnce,
  changeOnceOnPlatform,
  createInOne,
  createOnce,
  createOnceOnPlatform,
  IdempotencyKey,
  type Created,
  type InOne,
} from './operation-key.ts'
export { unchanged } from './declared.ts'
export { keyedRow, knownKey, type KeyedValues, type OperationKey } from './keyed.ts'
export { assertVersion, expectedVersion, ChangeHeaders, versioned, versionedView } from './versions.ts'
export type { AccessDeclaration, Actor, Auth, Routes } from './request.ts'
