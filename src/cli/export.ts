import { InvalidArgumentError, Option, type Command } from 'commander'
import { closeSync, createWriteStream, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { TObject } from 'typebox'
import { Value } from 'typebox/value'
import { v7 as uuidv7 } from 'uuid'
import type { AnyRegister, SheetColumn } from '../modules/exchange/index.ts'
import { PatientFilters } from '../modules/patients/index.ts'
import { Failure, onDisk } from '../supervisor/failure.ts'
import { output } from './program.ts'

type Options = {
  establishment: string
  format?: 'csv' | 'xlsx'
  output: string
  force?: boolean
  json?: boolean
} & Record<string, unknown>

/** `sis export`: a filtered list of an establishment as CSV or XLSX. */
export const registerExport =
  (registers: readonly AnyRegister[]) =>
  (program: Command): void => {
    const group = program
      .command('export')
      .description('exporte une liste d’un établissement en CSV ou XLSX, sans les dossiers sensibles (protégés)')
    add(group, 'patients', 'exporte les patients', PatientFilters)
    for (const register of registers) {
      const description = `exporte le ${register.title.fr}, tel qu’un autre établissement peut l’importer`
      add(group, register.name, description, register.export.filters, register)
    }
  }

function add(group: Command, what: string, description: string, filters: TObject, register?: AnyRegister): void {
  const command = group
    .command(what)
    .description(description)
    .requiredOption('--establishment <identifiant>', 'l’établissement, par exemple csref_djenne')
    .requiredOption('--output <fichier>', 'le fichier à écrire')
    .addOption(
      new Option('--format <format>', 'csv ou xlsx ; sinon d’après le nom du fichier').choices(['csv', 'xlsx']),
    )
    .option('--force', 'remplace un fichier qui existe')
    .option('--json', 'résultat en JSON')
  for (const [name, schema] of Object.entries(filters.properties)) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    const read = (written: string): unknown => {
      const value = 'type' in schema && schema.type === 'boolean' ? (yesNo[written] ?? written) : written
      if (Value.Check(schema, value)) return value
      throw new InvalidArgumentError('valeur non valable pour ce filtre.')
    }
    command.addOption(new Option(`--${flag} <valeur>`, filterNames[name] ?? name).argParser(read))
  }
  command.action(async (options: Options) => {
    const asked = Object.fromEntries(
      Object.keys(filters.properties).flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
    )
    const records = await exportTo(register, asked, options)
    output(options.json, { file: options.output, records }, [`${records} ${what} dans ${options.output}`])
  })
}

const yesNo: Record<string, boolean> = { oui: true, true: true, non: false, false: false }

const filterNames: Record<string, string> = {
  q: 'texte cherché, comme dans la liste',
  sex: 'M ou F',
  village: 'début du village ou quartier',
  bornFrom: 'né à partir de ce jour, AAAA-MM-JJ',
  bornTo: 'né jusqu’à ce jour, AAAA-MM-JJ',
  updatedSince: 'modifié depuis cet instant, AAAA-MM-JJTHH:MM:SSZ',
  patientId: 'identifiant d’un patient',
  from: 'à partir de ce jour, AAAA-MM-JJ',
  to: 'jusqu’à ce jour, AAAA-MM-JJ',
  serviceId: 'identifiant d’un service',
  specialtyId: 'identifiant d’une spécialité',
  practitioner: 'mots du nom du prescripteur',
  code: 'code CIM-10 ou catégorie',
  caseType: 'new (NC) ou followUp (AC)',
  status: 'stable, observation, critical ou discharged (sorti)',
  state: 'état, comme dans la liste',
  active: 'oui : sans ce qui est fermé, non : cela seulement',
  overdue: 'oui : dont la maintenance est en retard, non : les autres',
  open: 'oui : en cours, non : terminés',
  bedId: 'identifiant d’un lit',
  admittedFrom: 'entré à partir de ce jour, AAAA-MM-JJ',
  admittedTo: 'entré jusqu’à ce jour, AAAA-MM-JJ',
  dischargedFrom: 'sorti à partir de ce jour, AAAA-MM-JJ',
  dischargedTo: 'sorti jusqu’à ce jour, AAAA-MM-JJ',
}

// Under another name until it is whole: a file that was cut short must not pass for one.
async function exportTo(register: AnyRegister | undefined, filters: object, options: Options): Promise<number> {
  const { hashing, patientSheet, walkPatients, writeSheet } = await import('../modules/exchange/index.ts')
  const { recordExport, toAccessEntry } = await import('../platform/audit/index.ts')
  const { inEstablishment } = await import('./in-establishment.ts')
  const format = options.format ?? (options.output.toLowerCase().endsWith('.xlsx') ? 'xlsx' : 'csv')
  const target = options.output
  if (existsSync(target) && !options.force)
    throw new Failure(`${target} existe déjà : choisissez un autre nom, ou ajoutez --force.`)
  const part = `${target}.part`
  // Before the database is asked: a wrong path is known at once.
  onDisk(part, () => {
    if (!existsSync(dirname(part))) throw new Failure(`Impossible d’écrire ${target} : le dossier n’existe pas.`)
    closeSync(openSync(part, 'w', 0o600))
  })
  try {
    const records = await inEstablishment(options.establishment, async (tenant, actor, accesses) => {
      const record = recordExport(
        (access) => accesses.append([toAccessEntry(tenant.establishment.schema, actor, access)]),
        { action: `${register?.table ?? 'patient'}.export`, exportId: uuidv7(), format, filters: Object.keys(filters) },
      )
      let written = 0
      const write = async <T>(name: string, columns: readonly SheetColumn<T>[], pages: AsyncIterable<readonly T[]>) => {
        const sheet = hashing((sha256) => record.finish(sha256))
        const closed = pipeline(sheet, createWriteStream(part, { mode: 0o600 }))
        closed.catch(() => {})
        await writeSheet(format, { name, columns }, pages, sheet, { written: (count) => (written = count) })
        sheet.end()
        await closed
      }
      try {
        if (!register)
          await write(
            'Patients',
            patientSheet,
            record.pages(walkPatients(tenant.read, actor, filters), ({ id }) => id),
          )
        else
          await write(
            register.export.sheet,
            register.export.columns,
            record.pages(register.export.walk(tenant.read, actor, filters, 'fr'), register.export.patientOf),
          )
      } catch (error) {
        await record.giveUp().catch(() => {})
        throw error
      }
      return written
    })
    onDisk(target, () => renameSync(part, target))
    return records
  } catch (error) {
    rmSync(part, { force: true })
    return onDisk(target, () => {
      throw error
    })
  }
}
