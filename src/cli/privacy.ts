import type { Command } from 'commander'
import type { Register } from '../modules/processing-register/index.ts'
import { output } from './program.ts'

type Options = { establishment?: string; output?: string; force?: boolean; json?: boolean }

/** `sis privacy …`: what the law on personal data asks of whoever runs an installation. */
export function registerPrivacy(program: Command): void {
  program
    .command('privacy')
    .description('protection des données à caractère personnel')
    .command('register')
    .description('écrit le registre des traitements d’après l’installation réelle, sans rien y changer')
    .option('--establishment <identifiant>', 'd’un seul établissement, par exemple csref_djenne')
    .option('--output <fichier>', 'le PDF à écrire')
    .option('--force', 'remplace un fichier qui existe')
    .option('--json', 'le registre en JSON sur la sortie')
    .action(run)
}

async function run({ establishment, output: file, force, json }: Options): Promise<void> {
  const { Failure, onDisk } = await import('../supervisor/failure.ts')
  if (file === undefined && !json) throw new Failure('Donnez le PDF à écrire (--output registre.pdf), ou --json.')
  const { existsSync, renameSync, rmSync, writeFileSync } = await import('node:fs')
  if (file !== undefined && existsSync(file) && !force)
    throw new Failure(`${file} existe déjà : choisissez un autre nom, ou ajoutez --force.`)
  const register = await read(establishment)
  let pages: number | undefined
  if (file !== undefined) {
    const { writeRegister } = await import('../modules/processing-register/index.ts')
    const chunks: Uint8Array[] = []
    pages = await writeRegister(register, (chunk) => void chunks.push(chunk))
    const part = `${file}.part`
    onDisk(file, () => {
      rmSync(part, { force: true })
      writeFileSync(part, Buffer.concat(chunks), { mode: 0o600 })
      renameSync(part, file)
    })
  }
  const bad = register.security.filter(({ state }) => state !== 'ok').length
  output(json, register, [
    `Registre des traitements : ${pages ?? 0} pages dans ${file ?? ''}. Complétez les lignes en pointillés et signez-le.`,
    ...(bad > 0 ? [`Points de sécurité à corriger : ${bad} (npx sis doctor dit comment).`] : []),
  ])
}

async function read(slug: string | undefined): Promise<Register> {
  const [
    { loadConfig, packageRoot },
    { describeStored },
    { withReached },
    { examineReached },
    { registerOf },
    { Failure },
    { now },
    { modules },
    fs,
    { join },
  ] = await Promise.all([
    import('../config.ts'),
    import('#tenancy'),
    import('./reached.ts'),
    import('./doctor.ts'),
    import('../modules/processing-register/index.ts'),
    import('../supervisor/failure.ts'),
    import('../shared/clock.ts'),
    import('../app.ts'),
    import('node:fs'),
    import('node:path'),
  ])
  const config = loadConfig()
  const { version } = JSON.parse(fs.readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  return withReached(config, async (reached) => {
    const checks = await examineReached(config, reached)
    const stored = await describeStored(reached.ownerUrl, slug)
    if (!stored) throw new Failure(`Aucun établissement « ${slug ?? ''} ».`)
    return registerOf(
      stored,
      checks,
      {
        embedded: config.databaseUrl === undefined,
        local: /^(localhost|127\..*|::1)$/.test(config.host),
        behindProxy: config.trustProxy.length > 0,
        anchor: config.auditAnchor === undefined ? 'none' : /^https?:/.test(config.auditAnchor) ? 'address' : 'file',
      },
      { at: now().toISOString(), version, modules, ...(slug !== undefined && { slug }) },
    )
  })
}
