/** How people write CIM-10 codes, brought to its own form: "b508", "B50-8" and " B50.8 " are B50.8. */
export function tidyCode(text: string): string {
  const [, category = '', rest] = /^([A-Z]\d{2})[.\- ]?(\d{0,2})$/.exec(text.trim().toUpperCase()) ?? []
  if (category === '') return text.trim().toUpperCase()
  return rest ? `${category}.${rest}` : category
}
