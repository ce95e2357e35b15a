import { v7 as uuidv7 } from 'uuid'
import type { Tenant, TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { refuseSwitchedOff } from '../../../platform/modules/index.ts'
import { errorCatalogue } from '../../../shared/error-catalogue.ts'
import { Problem, problem } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import type { Created, ListLine } from '../declaration.ts'
import { headingIn, type Note } from '../reading/line.ts'
import { enterGate, findStored, type NewRun } from './queries.ts'
import { toRefusal, type List, type Progress, type Refusal } from './register.ts'
import { createdIn, MAX_LISTED, type StoredReport } from './report.ts'
import { keepRun, tellStored, type Stored } from './run.ts'

/** What became of the lines of a list. */
type Outcome = {
  stored: number
  changed: number
  duplicates: StoredReport['duplicateLines']
  refused: Refusal[]
  warnings: Note[]
  created: Created[]
}

// Somebody added one of its entries meanwhile: begun again, and found.
const MOST_TRIES = 3

/**
 * Writes a list in one transaction; a line that is refused leaves the others. A try writes it too, and takes all of it
 * back: it says what the real one would, by the same rules.
 * @throws import_running; module_disabled where it was switched off meanwhile
 */
export async function storeList(
  tenant: Tenant,
  actor: Actor,
  file: List,
  dryRun: boolean,
  progress: Progress,
): Promise<Stored> {
  for (let tries = 0; tries < MOST_TRIES; tries++)
    try {
      return await (dryRun ? tryOut(tenant, actor, file, progress) : store(tenant, actor, file, progress))
    } catch (error) {
      if (!(error instanceof Problem && file.register.outdatedBy.includes(error.code))) throw error
    }
  throw problem('import_running', { retryAfter: 5 })
}

const store = (tenant: Tenant, actor: Actor, file: List, progress: Progress): Promise<Stored> =>
  tenant.transaction(async (db) => {
    await enterGate(db)
    await refuseSwitchedOff(tenant, file.register.module)
    const before = await findStored(db, file.register.name, file.hash)
    if (before) return { run: before, alreadyImported: true, met: [] }
    const outcome = await writeLines(db, actor, file, progress)
    const run = await keepRun(db, actor, toRun(file, outcome, false))
    await tellStored(db, actor, run.id, outcome.stored)
    return { run, alreadyImported: false, met: [] }
  })

/** Ends the transaction of a try. */
class TakenBack extends Error {
  readonly outcome: Outcome

  constructor(outcome: Outcome) {
    super('a try leaves nothing behind')
    this.outcome = outcome
  }
}

async function tryOut(tenant: Tenant, actor: Actor, file: List, progress: Progress): Promise<Stored> {
  const outcome = await tenant
    .transaction(async (db): Promise<Outcome> => {
      throw new TakenBack(await writeLines(db, actor, file, progress))
    })
    .catch((error: unknown) => {
      if (error instanceof TakenBack) return error.outcome
      throw error
    })
  const run = await tenant.transaction((db) => keepRun(db, actor, toRun(file, outcome, true)))
  return { run, alreadyImported: false, met: [] }
}

async function writeLines(db: TenantDb, actor: Actor, file: List, progress: Progress): Promise<Outcome> {
  const { register, entries, header } = file
  const outcome: Outcome = {
    stored: 0,
    changed: 0,
    duplicates: [],
    refused: [...file.refused],
    warnings: [...file.warnings],
    created: [],
  }
  const known = await register.known(db, entries)
  const seen = new Map<string, ListLine>()
  for (const [done, entry] of entries.entries()) {
    progress(done, entries.length)
    const { line, cells, key, says } = entry
    const before = seen.get(key)
    if (before) {
      if (JSON.stringify(before.says) === JSON.stringify(says)) outcome.duplicates.push({ line, sameAs: before.line })
      else outcome.refused.push(toRefusal(cells, [{ line, column: null, message: saidTwice(before.line) }]))
      continue
    }
    seen.set(key, entry)
    const note = (column: string | undefined, message: Note['message']): Note => ({
      line,
      column: column === undefined || !(column in register.headings) ? null : headingIn(header, column),
      message,
    })
    const warnings: Note[] = []
    const told = {
      created: outcome.created,
      warn: (...told: Parameters<typeof note>) => void warnings.push(note(...told)),
    }
    try {
      const written = await register.write(db, actor, entry, known, told)
      if (written === 'same') outcome.duplicates.push({ line, sameAs: null })
      else outcome.stored++
      if (written === 'changed') outcome.changed++
      outcome.warnings.push(...warnings)
    } catch (error) {
      if (!isRefusal(error) || register.outdatedBy.includes(error.code)) throw error
      outcome.refused.push(
        toRefusal(
          cells,
          faultsOf(error).map(({ path, message }) => note(path, message)),
        ),
      )
    }
  }
  await register.notify?.(db, known)
  progress(entries.length, entries.length)
  for (const list of [outcome.duplicates, outcome.refused, outcome.warnings]) list.sort((a, b) => a.line - b.line)
  return outcome
}

// Of input, and of what stands against it; anything else is no fault of the line.
const isRefusal = (error: unknown): error is Problem => error instanceof Problem && [400, 409].includes(error.status)

const faultsOf = ({ code, options: { errors, detail } }: Problem) =>
  errors ?? [{ path: undefined, message: detail ?? errorCatalogue[code].detail }]

const toRun = (file: List, outcome: Outcome, dryRun: boolean): NewRun => ({
  id: uuidv7(),
  register: file.register.name,
  hash: file.hash,
  fileName: file.name,
  dryRun,
  report: reportOf(file, outcome),
  header: file.header.headings,
  refused: outcome.refused,
})

const reportOf = (file: List, { stored, changed, duplicates, refused, warnings, created }: Outcome): StoredReport => ({
  lines: file.lines,
  stored: { patients: 0, [file.register.name]: stored },
  changed,
  matchedPatients: 0,
  proposedMatches: 0,
  duplicates: duplicates.length,
  refusedLines: refused.length,
  warningCount: warnings.length,
  warnings: warnings.slice(0, MAX_LISTED),
  proposals: [],
  duplicateLines: duplicates.slice(0, MAX_LISTED),
  created: createdIn(created),
})

const saidTwice = (line: number) =>
  text(
    `La ligne ${line} dit déjà autre chose de la même entrée : ne gardez que celle des deux qui est juste.`,
    `Line ${line} says something else of the same entry: keep only the one of the two that is right.`,
  )
