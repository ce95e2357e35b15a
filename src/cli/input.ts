import { createInterface } from 'node:readline/promises'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { fieldErrors } from '../platform/http/field-errors.ts'
import { Problem } from '../shared/errors.ts'
import { Failure } from '../supervisor/failure.ts'

/** The options of a command as the API's own schema takes them; absent ones are left out. @throws Problem that names each fault */
export function checked<S extends TSchema>(schema: S, options: Record<string, unknown>): Static<S> {
  const value = Object.fromEntries(Object.entries(options).filter(([, option]) => option !== undefined))
  if (Value.Check(schema, value)) return value
  const findings = Value.Errors(schema, value) as unknown as Parameters<typeof fieldErrors>[0]
  throw new Problem('invalid_input', { errors: fieldErrors(findings, 'options') })
}

/**
 * Asks before something that cannot simply be undone; `--yes` answers for scripts.
 * @throws Failure when the answer is no, or when nobody can be asked
 */
export async function confirm(question: string, yes: boolean | undefined): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY)
    throw new Failure(`${question} Personne ne peut répondre ici : ajoutez --yes pour confirmer.`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [o/N] `)
    if (!/^o(ui)?$/i.test(answer.trim())) throw new Failure('Rien n’a été fait.')
  } finally {
    terminal.close()
  }
}
