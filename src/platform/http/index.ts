export { createOnce, createOnceOnPlatform, IdempotencyKey, type Created } from './operation-key.ts'
export { assertVersion, expectedVersion, IfMatch, versioned } from './versions.ts'
export type { Actor, Auth, Routes } from './request.ts'
