export {
  changeOnce,
  changeOnceOnPlatform,
  createOnce,
  createOnceOnPlatform,
  IdempotencyKey,
  type Created,
} from './operation-key.ts'
export { assertVersion, expectedVersion, ChangeHeaders, versioned } from './versions.ts'
export type { AccessDeclaration, Actor, Auth, Routes } from './request.ts'
