// Documents on paper: A4, black on white, in French.
export { Pdf, type Column, type Field, type PdfOptions } from './document.ts'
