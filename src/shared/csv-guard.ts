// A plain number may begin with a sign: guarding it would turn it into text.
const number = /^[+-]?\d+([.,]\d+)?$/

/**
 * A cell that a spreadsheet would take for a formula gets a leading apostrophe (OWASP ASVS 1.2.10, "CSV injection"):
 * `=HYPERLINK(…)` in a name must not run on the reader's machine. The import takes the apostrophe off again.
 */
export const guarded = (cell: string): string => (/^[=+\-@\t\r]/.test(cell) && !number.test(cell) ? `'${cell}` : cell)
