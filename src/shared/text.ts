// Every sentence that a person reads exists in French (Mali's working language) and in English (on request).

export type Language = 'fr' | 'en'
export type Text = { readonly fr: string; readonly en: string }

export const text = (fr: string, en: string): Text => ({ fr, en })

export const say = (value: Text, language: Language): string => value[language]

/** The language of an Accept-Language header (RFC 9110 12.5.4): English only when it is preferred to French. */
export function preferredLanguage(header: string | undefined): Language {
  if (header === undefined) return 'fr'
  let [best, language] = [0, 'fr' as Language]
  for (const part of header.slice(0, 200).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const quality = Number(parameters.find((p) => p.trim().startsWith('q='))?.split('=')[1] ?? '1')
    const candidate = tag.startsWith('en') ? 'en' : tag.startsWith('fr') ? 'fr' : undefined
    if (candidate && quality > best) [best, language] = [quality, candidate]
  }
  return language
}
