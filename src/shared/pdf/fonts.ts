import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const folder = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf')

// DejaVu has the letters of Bambara and Fulfulde (ɛ ɔ ŋ ɲ ɓ ɗ ƴ), N'Ko, Arabic and Tifinagh; condensed: a seventh fewer pages.
export const fontFiles = {
  regular: join(folder, 'DejaVuSansCondensed.ttf'),
  bold: join(folder, 'DejaVuSansCondensed-Bold.ttf'),
}
