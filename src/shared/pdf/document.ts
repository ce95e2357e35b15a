import { fontFiles } from './fonts.ts'
import { layPlainly } from './inside.ts'
import { printable } from './text.ts'
import { Total } from './total.ts'

export type PdfOptions = {
  /** For the reader's window and its list of files: never a person's name. */
  title: string
  /** At the head of every page, left and right. */
  head: readonly [left: string, right: string]
  /** At the foot of every page; its number and their total follow on the right. */
  foot: string
  /** When it was made; the same instant and content make the same bytes. */
  at: Date
  /** Takes the bytes in order. It may be slow: whoever writes much waits between two blocks. */
  write(chunk: Uint8Array): void
}

export type Field = readonly [label: string, value: string | null | undefined]
export type Column = { heading: string; width: number }

// Points: 1/72 of an inch. Sheets are punched on the left.
const page = { top: 70, bottom: 56, left: 57, right: 45, width: 595.28, height: 841.89 }
const wide = page.width - page.left - page.right
const sizes = { title: 18, heading: 12.5, text: 9.5, small: 8 }
const labelWidth = 120

/** An A4 document in black on white, written while it is made: what is in memory is one page. */
export class Pdf {
  readonly #doc: PDFKit.PDFDocument
  readonly #total: Total
  readonly #options: PdfOptions
  #pages = 0
  #letters: ['regular' | 'bold', number] = ['regular', sizes.text]

  private constructor(doc: PDFKit.PDFDocument, options: PdfOptions) {
    this.#doc = doc
    this.#options = options
    doc.on('pageAdded', () => this.#dress())
    for (const font of ['bold', 'regular'] as const) {
      this.#set(font, sizes.text)
      layPlainly(doc)
    }
    this.#total = new Total(doc, sizes.small)
    doc.addPage()
  }

  /** Loads what makes PDFs (60 ms) when the first one is asked for. */
  static async open(options: PdfOptions): Promise<Pdf> {
    const { default: PDFDocument } = await import('pdfkit')
    const { title, at } = options
    const doc = new PDFDocument({
      size: 'A4',
      margins: { top: page.top, bottom: page.bottom, left: page.left, right: page.right },
      autoFirstPage: false,
      font: fontFiles.regular,
      lang: 'fr',
      // Every word of a long document would stay in memory.
      fontLayoutCache: false,
      pdfVersion: '1.7',
      displayTitle: true,
      info: { Title: title, Creator: 'SIS', Producer: 'SIS', CreationDate: at },
    })
    return new Pdf(doc, options)
  }

  /** How many pages there are so far. */
  get pages(): number {
    return this.#pages
  }

  title(text: string, under?: string): void {
    this.#set('bold', sizes.title)
    this.#doc.text(printable(text))
    if (under !== undefined) this.paragraph(under)
    this.#doc.moveDown(0.3)
  }

  /** A heading with a rule under it; it stays with what follows. @param points how much of that */
  heading(text: string, points = 50): void {
    this.#room(20 + points)
    const doc = this.#doc
    doc.y += 12
    this.#set('bold', sizes.heading)
    doc.text(printable(text))
    doc.y += 1
    doc.lineWidth(0.8).moveTo(page.left, doc.y).lineTo(page.left + wide, doc.y).stroke() // prettier-ignore
    doc.y += 5
  }

  /** A heading of second order. */
  subheading(text: string): void {
    this.#room(46)
    this.#doc.y += 7
    this.#set('bold', sizes.text + 0.5)
    this.#doc.text(printable(text))
    this.#doc.y += 2
  }

  paragraph(text: string): void {
    this.#set('regular', sizes.text)
    this.#doc.text(printable(text), { lineGap: 1 })
    this.#doc.y += 3
  }

  /** In small letters, indented: what belongs to the line above. */
  note(text: string): void {
    this.#set('regular', sizes.small)
    this.#doc.text(printable(text), page.left + 10, this.#doc.y, { width: wide - 10, lineGap: 0.5 })
    this.#doc.x = page.left
    this.#doc.y += 2
  }

  /** A line each: the label, and beside it the value; what has no value is left out. */
  fields(fields: readonly Field[]): void {
    const doc = this.#doc
    for (const [label, value] of fields) {
      if (value === null || value === undefined || value === '') continue
      this.#room(14)
      const top = doc.y
      const at = this.#pages
      this.#set('bold', sizes.text)
      doc.text(printable(label), page.left, top, { width: labelWidth - 8 })
      const under = this.#pages === at ? doc.y : top
      this.#set('regular', sizes.text)
      doc.text(printable(value), page.left + labelWidth, top, { width: wide - labelWidth, lineGap: 0.5 })
      if (this.#pages === at) doc.y = Math.max(doc.y, under)
      doc.x = page.left
      doc.y += 2
    }
  }

  /** Cells of a few lines each: a row never breaks over pages, and the headings stand on each. @param columns widths as parts of the whole */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    if (rows.length === 0) return
    const whole = columns.reduce((sum, { width }) => sum + width, 0)
    const widths = columns.map(({ width }) => (width / whole) * wide)
    const headings = columns.map(({ heading }) => heading)
    this.#row('bold', widths, headings)
    for (const row of rows) {
      if (this.#row('regular', widths, row, true)) continue
      this.#doc.addPage()
      this.#row('bold', widths, headings)
      this.#row('regular', widths, row)
    }
    this.#doc.y += 4
  }

  /** Room to sign, with what is to be written there. */
  signature(labels: readonly string[]): void {
    this.#room(110)
    this.#doc.y += 14
    const top = this.#doc.y
    const width = wide / labels.length
    this.#set('regular', sizes.text)
    for (const [index, label] of labels.entries())
      this.#doc.text(printable(label), page.left + index * width, top, { width: width - 12 })
    this.#doc.x = page.left
    this.#doc.y = top + 90
  }

  /** Writes what is left. Nothing can be added afterwards. */
  end(): void {
    this.#set('regular', sizes.small)
    this.#total.write(this.#pages)
    this.#doc.end()
    this.#handOver()
  }

  /** Read at once: a listener would get the bytes in a later turn. */
  #handOver(): void {
    for (let chunk; (chunk = this.#doc.read() as Uint8Array | null) !== null;) this.#options.write(chunk)
  }

  #set(font: 'regular' | 'bold', size: number): void {
    this.#letters = [font, size]
    // By its path: under a registered name a font that is open already is read again each time (5 ms).
    this.#doc.font(fontFiles[font]).fontSize(size)
  }

  /** A new page when fewer points than these are left on this one. */
  #room(points: number): void {
    if (this.#doc.y + points > page.height - page.bottom) this.#doc.addPage()
  }

  /** @returns false when it did not fit on this page and was not drawn; a row taller than a page is cut short */
  #row(font: 'regular' | 'bold', widths: readonly number[], cells: readonly string[], mayMove = false): boolean {
    const doc = this.#doc
    this.#set(font, sizes.small + 0.5)
    const texts = cells.map(printable)
    const bottom = page.height - page.bottom
    const tall = Math.max(...texts.map((text, i) => doc.heightOfString(text, { width: (widths[i] ?? 0) - 6 })))
    if (mayMove && doc.y + tall + 5 > bottom && doc.y > page.top + 40) return false
    const top = doc.y
    let x = page.left
    for (const [i, text] of texts.entries()) {
      const width = widths[i] ?? 0
      doc.text(text, x, top + 2, { width: width - 6, height: bottom - top - 2, ellipsis: true })
      x += width
    }
    doc.x = page.left
    doc.y = Math.min(top + tall + 4, bottom)
    doc.lineWidth(0.4).moveTo(page.left, doc.y).lineTo(page.left + wide, doc.y).stroke() // prettier-ignore
    doc.y += 1
    return true
  }

  /** Head and foot of a new page. A text that goes on over it goes on in its own letters, where it stood. */
  #dress(): void {
    const doc = this.#doc
    const { head, foot } = this.#options
    const [font, size] = this.#letters
    this.#pages += 1
    this.#handOver()
    const line = (text: string, y: number, x = page.left): number => {
      doc.text(printable(text).replaceAll('\n', ' '), x, y, { lineBreak: false })
      return x + doc.widthOfString(text)
    }
    this.#set('bold', sizes.small)
    line(this.#fitting(head[0], wide - 20 - doc.widthOfString(head[1])), 34)
    line(head[1], 34, page.left + wide - doc.widthOfString(head[1]))
    doc
      .lineWidth(0.4)
      .moveTo(page.left, 47)
      .lineTo(page.left + wide, 47)
      .stroke()
    this.#set('regular', sizes.small)
    const number = `Page ${this.#pages} / `
    const total = doc.widthOfString('0000')
    const right = page.left + wide - total - doc.widthOfString(number)
    const y = page.height - 40
    line(this.#fitting(foot, right - page.left - 10), y)
    line(number, y, right)
    this.#total.put(page.left + wide - total, y)
    this.#set(font, size)
    doc.x = page.left
    doc.y = page.top
  }

  #fitting(text: string, width: number): string {
    let shown = text
    while (shown.length > 1 && this.#doc.widthOfString(shown) > width)
      shown = `${shown.replace(/…$/, '').slice(0, -1)}…`
    return shown
  }
}
