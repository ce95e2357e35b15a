import type { Text } from '../../shared/text.ts'

export const kinds = ['admission', 'criticalStatus', 'bedShortage', 'equipment', 'breakGlass', 'system'] as const
export type Kind = (typeof kinds)[number]
export const severities = ['info', 'warning', 'critical'] as const
export type Severity = (typeof severities)[number]

/**
 * What a text is made of: names of services, codes of beds, counts, days. Never a patient's name, a diagnosis or anything
 * else of a file.
 */
export type Params = Readonly<Record<string, string | number | boolean | null>>

/** A kind of notification with its words, declared by the module that emits it. */
export type Notice<P extends Params = Params> = {
  /** `resource.happened`, unique: stored with each. */
  readonly event: string
  readonly kind: Kind
  readonly severity: Severity
  /** The sentence, made when it is read, in the reader's language. */
  readonly text: (params: P) => Text
}

const declared = new Map<string, Notice<never>>()

/** Declares a notice, once, where the module that emits it is loaded. @throws Error when the event is declared already */
export function notice<P extends Params>(event: string, words: Omit<Notice<P>, 'event'>): Notice<P> {
  if (declared.has(event)) throw new Error(`the notice ${event} is declared twice`)
  const made: Notice<P> = Object.freeze({ event, ...words })
  declared.set(event, made)
  return made
}

/** The sentence of a stored notification. Undefined: this program has no words for it, another version stored it. */
export function sentenceOf(event: string, params: Params): Text | undefined {
  const found = declared.get(event) as Notice | undefined
  try {
    return found?.text(params)
  } catch {
    // It must not keep all others from being listed and handed on.
    return undefined
  }
}
