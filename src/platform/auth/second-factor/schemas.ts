import { Type } from 'typebox'
import { nullable, object, Timestamp } from '../../../shared/schemas.ts'
import { DeviceMark, Tokens, TypedPassword } from '../schemas.ts'

export const Code = Type.String({
  pattern: '^[0-9A-Za-z -]+$',
  minLength: 6,
  maxLength: 40,
  description: 'Six digits from the authenticator application, or a recovery code',
  examples: ['492039'],
})
const RecoveryCodes = Type.Array(Type.String({ maxLength: 19, examples: ['7k2m-q0zt-9xwb-4hdr'] }), {
  maxItems: 10,
  description: 'Shown this once: each opens one login when the telephone is lost',
})

export const Answer = object({
  challenge: Type.String({ pattern: '^[A-Za-z0-9_-]+$', minLength: 1, maxLength: 100 }),
  code: Code,
  device: Type.Optional(DeviceMark),
})
export const Begin = object({ password: TypedPassword, code: Type.Optional(Code) })
export const Confirm = object({ code: Code })
export const Renew = object({ code: Code })
export const Disable = object({ password: TypedPassword, code: Code })

export const State = object({
  active: Type.Boolean(),
  since: nullable(Timestamp),
  required: Type.Boolean({ description: 'The roles of this session demand one' }),
  recoveryCodes: Type.Integer({ minimum: 0, description: 'How many are left' }),
})
export const Begun = object({
  secret: Type.String({
    description: 'Base 32, for those who type it',
    examples: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'],
  }),
  uri: Type.String({ description: 'otpauth:// address' }),
  qr: Type.String({ description: 'The address as a QR code: an SVG document' }),
})
export const Enrolled = object({ ...Tokens.properties, recoveryCodes: RecoveryCodes })
export const Renewed = object({ recoveryCodes: RecoveryCodes })
