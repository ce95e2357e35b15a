// Writes docs/errors.md from src/shared/error-catalogue.ts and the errors.ts of the modules.
//   npm run docs:errors            writes the file
//   npm run docs:errors -- --check exits 1 when the file is not what the catalogue says
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
// The modules declare theirs when they are loaded.
// oxlint-disable-next-line import/no-unassigned-import
import '../src/app.ts'
import { listedErrors } from '../src/platform/http/errors-page.ts'

export const errorsFile = join(import.meta.dirname, '..', 'docs', 'errors.md')

export function renderErrors(): string {
  const entries = listedErrors().map(
    ({ code, status, title, detail }) =>
      `## ${code}\n\n**${status}** · ${title.fr} · ${title.en}\n\n- ${detail.fr}\n- ${detail.en}\n`,
  )
  return `# Errors

<!-- Written by \`npm run docs:errors\` from src/shared/error-catalogue.ts and the errors.ts of the modules: change those, not this one. -->

Every refusal is an \`application/problem+json\` document (RFC 9457):

\`\`\`json
{
  "type": "/docs/errors#patient_not_found",
  "title": "Patient introuvable",
  "status": 404,
  "code": "patient_not_found",
  "detail": "…",
  "requestId": "0198c0de-7a1b-7c2d-8e3f-0123456789ab"
}
\`\`\`

\`code\` is stable: programs read it. \`title\` and \`detail\` are for people, in French, or in English with
\`Accept-Language: en\`. A refusal of input adds \`errors: [{ path, message }]\`, one for each field. \`requestId\` is also
the \`x-request-id\` header and stands in the log. A 503 or 429 says in \`Retry-After\` when to come back. A running
server shows this list at \`/docs/errors\`.

${entries.join('\n')}`
}

if (process.argv[1] === import.meta.filename) {
  if (!process.argv.includes('--check')) writeFileSync(errorsFile, renderErrors())
  else if (readFileSync(errorsFile, 'utf8') !== renderErrors()) {
    process.stderr.write('docs/errors.md is not what the catalogue says: npm run docs:errors\n')
    process.exit(1)
  }
}
