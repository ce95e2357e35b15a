import { randomFillSync } from 'node:crypto'

// Random bytes are fetched for 512 identifiers at once: one call for each cost more than all the rest of making one
// (2.9 µs with it, 0.4 without).
const perId = 10
const random = Buffer.allocUnsafeSlow(512 * perId)
let used = random.length

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const at = (place: number): string => hex[random[place] as number] as string

/** A new identifier: UUID version 7 (RFC 9562 5.7), 48 bits of the time in ms and 74 of chance. */
export function newId(): string {
  if (used >= random.length) {
    randomFillSync(random)
    used = 0
  }
  const r = used
  used += perId
  const time = Date.now().toString(16).padStart(12, '0')
  const version = hex[0x70 | ((random[r] as number) & 0x0f)] as string
  const variant = hex[0x80 | ((random[r + 2] as number) & 0x3f)] as string
  return (
    time.slice(0, 8) + '-' + time.slice(8) + '-' + version + at(r + 1) + '-' + variant + at(r + 3) + '-' +
    at(r + 4) + at(r + 5) + at(r + 6) + at(r + 7) + at(r + 8) + at(r + 9)
  ) // prettier-ignore
}
