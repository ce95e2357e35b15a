// Accounts: who someone is, where they work, what they may do.
export { openAccess, type Access, type AccessOptions } from './access.ts'
export { ensureKeys, rotateKeys } from './keys.ts'
export { endOf, requestScope, noticeNow } from './scope.ts'
export { activationPage } from './activation-page.ts'
export { authRoutes, jwksRoutes, type AuthLimits } from './routes.ts'
export { hashPassword, verifyPassword } from './passwords.ts'
export { refusePassword } from './password-rules.ts'
export { deriveKey, seal, unseal } from './sealing.ts'
export {
  accountColumns,
  foldUsername,
  lockAccount,
  updateAccount,
  type AccountRow,
  type AccountStatus,
} from './accounts.ts'
export { deleteLinks, insertLink, type OneTimeLink } from './activation.ts'
export { revokeSessions } from './sessions.ts'
export { countWaiting } from './waiting.ts'
export { refuseBothResets, resetFactor } from './second-factor/reset.ts'
export { Id, Name, Nothing, RoleName, Slug, TypeName, Username, EstablishmentRoleName } from './schemas.ts'
export * from './rights.ts'
export { rightNames, roleName } from './wordings.ts'
