/** A value as PostgreSQL reads it in text form; null: none. */
export function toText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'undefined':
      return null
    case 'object':
      if (value === null) return null
      if (value instanceof Date) return value.toISOString()
      if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`
      return Array.isArray(value) ? listText(value) : JSON.stringify(value)
    default:
      throw new TypeError(`a ${typeof value} is no value of a statement`)
  }
}

const listText = (list: readonly unknown[]): string =>
  `{${list
    .map((one) => {
      if (Array.isArray(one)) return listText(one)
      const written = toText(one)
      return written === null ? 'NULL' : `"${written.replace(/[\\"]/g, '\\$&')}"`
    })
    .join(',')}}`
