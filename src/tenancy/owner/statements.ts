// A comment, a text, a quoted name, a body between dollars: what may hold a semicolon that ends nothing.
const pieces = /--[^\n]*|\/\*.*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$).*?\1|;/gs

/** The statements of a migration, without comments. */
export function statementsOf(sql: string): string[] {
  const statements = ['']
  const add = (text: string): void => void (statements[statements.length - 1] += text)
  let at = 0
  for (const { 0: piece, index } of sql.matchAll(pieces)) {
    add(sql.slice(at, index))
    at = index + piece.length
    if (piece === ';') statements.push('')
    else add(/^(--|\/\*)/.test(piece) ? ' ' : piece)
  }
  add(sql.slice(at))
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '')
}
