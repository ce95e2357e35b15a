export type Reference = { data: Record<string, unknown>; end(chunk?: string): void }
export type Font = {
  id: string
  ascender: number
  layoutCache: object
  encode(text: string): [codes: string[], positions: unknown]
  ref(): Reference
}
type Document = {
  ref(data: object): Reference
  addContent(content: string): unknown
  page: { xobjects: Record<string, Reference> }
  _font: Font
}

// What pdfkit 0.20.2 has and its types do not tell: forms, and the font that is set.

export const inside = (doc: PDFKit.PDFDocument): Pick<Document, 'ref' | 'addContent' | 'page'> => doc as never
// eslint-disable-next-line no-underscore-dangle -- pdfkit's own name
export const fontOf = (doc: PDFKit.PDFDocument): Font => (doc as unknown as Document)._font

/** Words that were measured are kept to be found again; a document of many pages would keep every word of it. */
export function forgetWords(doc: PDFKit.PDFDocument): void {
  fontOf(doc).layoutCache = Object.create(null) as object
}
