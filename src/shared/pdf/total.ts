import { fontOf, inside, type Reference } from './inside.ts'

/**
 * The number of pages, which stands on every page and is known after the last one: a form that the pages name and that is
 * written at the end, so that no page has to be kept in memory.
 */
export class Total {
  readonly #doc: PDFKit.PDFDocument
  readonly #form: Reference
  readonly #size: number

  /** @param size of its letters, in points */
  constructor(doc: PDFKit.PDFDocument, size: number) {
    this.#doc = doc
    this.#size = size
    this.#form = inside(doc).ref({ Type: 'XObject', Subtype: 'Form', BBox: [0, -size, 12 * size, 2 * size] })
  }

  /** Puts it on the present page, as if it were set in the present font. @param top points from the page's top */
  put(x: number, top: number): void {
    const { page, addContent } = inside(this.#doc)
    page.xobjects['Total'] = this.#form
    const baseline = top + (fontOf(this.#doc).ascender / 1000) * this.#size
    addContent.call(this.#doc, `q 1 0 0 -1 ${x.toFixed(2)} ${baseline.toFixed(2)} cm /Total Do Q`)
  }

  /** Writes it, in the present font. */
  write(pages: number): void {
    const font = fontOf(this.#doc)
    const [codes] = font.encode(String(pages))
    this.#form.data['Resources'] = { Font: { [font.id]: font.ref() } }
    this.#form.end(`BT /${font.id} ${this.#size} Tf <${codes.join('')}> Tj ET`)
  }
}
