import type { FastifyInstance } from 'fastify'
import { errorCatalogue, type ErrorCode } from '../../shared/error-catalogue.ts'
import { say, text, type Language } from '../../shared/text.ts'

/** Every code with its status and texts, by status and then by name. */
export const listedErrors = () =>
  (Object.keys(errorCatalogue) as ErrorCode[])
    .map((code) => ({ code, ...errorCatalogue[code] }))
    .sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1))

const title = text('SIS : les erreurs de l’API', 'SIS: the errors of the API')
const introduction = text(
  'Chaque refus est un document RFC 9457 dont le « code » est stable : c’est lui que lit un programme ; les textes sont pour les personnes.',
  'Every refusal is an RFC 9457 document whose "code" is stable: a program reads that one; the texts are for people.',
)

/** GET /docs/errors: where the `type` of every problem document leads. The same list as docs/errors.md. */
export function registerErrorsPage(app: FastifyInstance): void {
  const pages = { fr: page('fr'), en: page('en') }
  app.get('/docs/errors', { schema: { hide: true }, config: { public: true } }, async (request, reply) => {
    void reply.header('content-type', 'text/html; charset=utf-8').header('vary', 'accept-language')
    return pages[request.language]
  })
}

function page(language: Language): string {
  const entries = listedErrors().map(
    ({ code, status, title: name, detail }) =>
      `<section id="${code}"><h2><code>${code}</code> · ${status}</h2><p><strong>${escape(say(name, language))}.</strong> ${escape(say(detail, language))}</p></section>`,
  )
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${say(title, language)}</title></head>
<body><h1>${say(title, language)}</h1><p>${escape(say(introduction, language))}</p>
${entries.join('\n')}
</body></html>
`
}

const escape = (words: string): string =>
  words.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign)
