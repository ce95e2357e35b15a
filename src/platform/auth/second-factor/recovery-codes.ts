import { createHmac, randomBytes } from 'node:crypto'

const count = 10
// 80 bits each: nobody guesses one, so they need no patience when many are tried, and no slow hash.
const bytes = 10
// Without what is read for something else: i, l, o, u (Crockford's base 32).
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ten codes to be written down, such as `7k2m-q0zt-9xwb-4hdr`. */
export const newRecoveryCodes = (): string[] => Array.from({ length: count }, newCode)

function newCode(): string {
  let rest = BigInt(`0x${randomBytes(bytes).toString('hex')}`)
  let code = ''
  for (let i = 0; i < 16; i++, rest >>= 5n) code += alphabet[Number(rest & 31n)]
  return code.replace(/(.{4})(?=.)/g, '$1-')
}

/** What is stored of a recovery code, however it was typed: capitals, spaces, i or l for 1, o for 0. */
export function hashRecoveryCode(key: Uint8Array, accountId: string, typed: string): Buffer {
  const folded = typed.toLowerCase().replace(/[\s-]/g, '').replace(/[il]/g, '1').replace(/o/g, '0')
  return createHmac('sha256', key).update(`${accountId} ${folded}`).digest()
}
