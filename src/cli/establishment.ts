import type { Command } from 'commander'
import { registerEstablishmentBackup } from './establishment-backup.ts'
import { registerEstablishmentModules } from './establishment-modules.ts'
import { operator } from './operator.ts'
import { output } from './program.ts'

type Common = { json?: boolean }
type Place = { name: string; type: string; region: string; cercle?: string; healthDistrict?: string }
type Change = Common & { reason: string; yes?: boolean }

const statusNames: Record<string, string> = {
  provisioning: 'en préparation',
  active: 'ouvert',
  suspended: 'suspendu',
  archived: 'archivé',
  failed: 'en échec',
}

/** `sis establishment …`: the directory of establishments. */
export function registerEstablishment(program: Command): void {
  const group = program.command('establishment').description('les établissements')
  group
    .command('create <identifiant>')
    .description('ouvre un établissement ; l’identifiant ne change jamais et ne resservira pas')
    .requiredOption('--name <nom>', 'nom en clair, par exemple « CSRéf de Djenné »')
    .requiredOption('--type <type>', 'hospital, csref, cscom ou cabinet')
    .requiredOption('--region <région>', 'région, par exemple Mopti')
    .option('--cercle <cercle>', 'cercle')
    .option('--health-district <district>', 'district sanitaire')
    .option('--json', 'résultat en JSON')
    .action((slug: string, { json, ...place }: Place & Common) => create({ slug, ...place }, json))
  group
    .command('list')
    .description('les établissements et leur état')
    .option('--json', 'résultat en JSON')
    .action(({ json }: Common) => list(json))
  const changes = [
    ['suspend', 'suspended', 'suspend un établissement : plus personne n’y travaille, rien n’est effacé'],
    ['reactivate', 'active', 'rouvre un établissement suspendu, ou prépare de nouveau un établissement en échec'],
    ['archive', 'archived', 'ferme un établissement pour toujours ; ses dossiers restent'],
  ] as const
  for (const [name, status, description] of changes) {
    group
      .command(`${name} <identifiant>`)
      .description(description)
      .requiredOption('--reason <motif>', 'motif, que l’établissement peut lire')
      .option('--yes', 'ne demande pas de confirmation')
      .option('--json', 'résultat en JSON')
      .action((slug: string, options: Change) => change(slug, status, options))
  }
  registerEstablishmentModules(group)
  registerEstablishmentBackup(group)
}

async function create(wish: { slug: string } & Place, json: boolean | undefined): Promise<void> {
  const [{ withDatabase }, { checked }, { createEstablishment, getEstablishment }, { NewEstablishment }, { Failure }] =
    await Promise.all([
      import('./database.ts'),
      import('./input.ts'),
      import('../platform/establishments/index.ts'),
      import('../platform/establishments/schemas.ts'),
      import('../supervisor/failure.ts'),
    ])
  const valid = checked(NewEstablishment, wish)
  const made = await withDatabase(async ({ database, tenancy: { platform } }) => {
    await platform.transaction('accounts', (db) => createEstablishment(db, operator, valid, database.installation))
    // A running server does the same within half a second: whoever comes second finds it done.
    await database.owner.reconcile()
    return platform.read('accounts', (db) => getEstablishment(db, valid.slug))
  })
  if (made.status === 'failed')
    throw new Failure(`L’établissement ${made.slug} n’a pas pu être préparé (voir le journal).`)
  output(json, made, [
    `L’établissement ${made.slug} est ${statusNames[made.status]}. Invitez son administrateur : npx sis user create --role ADMIN_LOCAL --establishment ${made.slug} --username … --name …`,
  ])
}

async function list(json: boolean | undefined): Promise<void> {
  const [{ withDatabase }, { table }] = await Promise.all([import('./database.ts'), import('../supervisor/table.ts')])
  const all = await withDatabase(async ({ tenancy }) => tenancy.directory.list())
  const rows = all.map(({ slug, name, type, region, status }) => [
    slug,
    name,
    type,
    region,
    statusNames[status] ?? status,
  ])
  // Schema names stay inside: whoever reads a script's output has no use for them.
  const shown = all.map((establishment) => ({ ...establishment, schema: undefined }))
  output(json, { items: shown }, table([['Identifiant', 'Nom', 'Type', 'Région', 'État'], ...rows]))
}

async function change(slug: string, status: 'suspended' | 'active' | 'archived', options: Change): Promise<void> {
  const [{ withDatabase }, { checked, confirm }, { changeEstablishment, getEstablishment }, { EstablishmentChange }] =
    await Promise.all([
      import('./database.ts'),
      import('./input.ts'),
      import('../platform/establishments/index.ts'),
      import('../platform/establishments/schemas.ts'),
    ])
  const valid = checked(EstablishmentChange, { status, reason: options.reason })
  if (status === 'suspended') await confirm(`Suspendre ${slug} ? Plus personne ne pourra y travailler.`, options.yes)
  if (status === 'archived') await confirm(`Archiver ${slug} ? Il ne pourra plus être rouvert.`, options.yes)
  const changed = await withDatabase(async ({ database, tenancy: { platform } }) => {
    await platform.transaction('accounts', (db) => changeEstablishment(db, operator, slug, valid))
    await database.owner.reconcile()
    return platform.read('accounts', (db) => getEstablishment(db, slug))
  })
  output(options.json, changed, [`L’établissement ${slug} est ${statusNames[changed.status]}.`])
}
