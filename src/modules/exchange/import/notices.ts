import { notice } from '../../../platform/notices/index.ts'
import { text } from '../../../shared/text.ts'

/** To the administrators: how much came in at once, and by whom. */
export const registerStored = notice('import.stored', {
  kind: 'system',
  severity: 'info',
  text: ({ by, lines }: { by: string; lines: number }) =>
    text(
      lines < 2 ? `${by} a repris un registre : ${lines} ligne.` : `${by} a repris un registre : ${lines} lignes.`,
      lines === 1 ? `${by} imported a register: 1 line.` : `${by} imported a register: ${lines} lines.`,
    ),
})
