import type { Command } from 'commander'
import { operator } from './operator.ts'
import { output } from './program.ts'

type Common = { json?: boolean }
type NewAccount = Common & { username: string; name?: string; role: string; establishment?: string }

/** `sis user …`: the first SUPER_ADMIN, and help when nobody can sign in any more. */
export function registerUser(program: Command): void {
  const group = program.command('user').description('les comptes')
  group
    .command('create')
    .description('crée un compte et donne le lien, valable une fois, par lequel la personne choisit son mot de passe')
    .requiredOption('--username <compte>', 'nom du compte, en minuscules')
    .requiredOption(
      '--role <rôle>',
      'SUPER_ADMIN, MINISTERE_SIS ou SIS_INRSP ; avec --establishment : ADMIN_LOCAL ou l’agent de son type',
    )
    .option('--name <nom>', 'nom de la personne (sinon celui du compte)')
    .option('--establishment <identifiant>', 'établissement où la personne travaille')
    .option('--json', 'résultat en JSON')
    .action(create)
  group
    .command('reset-password <compte>')
    .description('donne un lien pour un nouveau mot de passe ; l’ancien vaut jusque-là')
    .option('--json', 'résultat en JSON')
    .action(reset)
  group
    .command('reset-second-factor <compte>')
    .description('retire le second facteur perdu et ferme les sessions ; la personne en enregistre un autre')
    .option('--reason <motif>', 'motif')
    .option('--yes', 'ne demande pas de confirmation')
    .option('--json', 'résultat en JSON')
    .action(resetSecondFactor)
  group
    .command('disable <compte>')
    .description('ferme un compte et toutes ses sessions')
    .option('--reason <motif>', 'motif')
    .option('--yes', 'ne demande pas de confirmation')
    .option('--json', 'résultat en JSON')
    .action(disable)
}

async function create({ json, name, username, ...options }: NewAccount): Promise<void> {
  const [{ withDatabase }, { checked }, users, { object }, auth, { Type }] = await Promise.all([
    import('./database.ts'),
    import('./input.ts'),
    import('../platform/users/index.ts'),
    import('../shared/schemas.ts'),
    import('../platform/auth/index.ts'),
    import('typebox'),
  ])
  const NewOperatorUser = object({
    username: auth.Username,
    displayName: auth.Name,
    role: auth.RoleName,
    establishment: Type.Optional(auth.Slug),
  })
  const wish = checked(NewOperatorUser, { username, displayName: name ?? username, ...options })
  await withDatabase(async ({ config, tenancy }) => {
    const link = await users.createUser(tenancy.platform, operator, wish)
    showLink(json, await addressOf(config), wish.username, link)
  })
}

async function reset(username: string, { json }: Common): Promise<void> {
  const { withDatabase } = await import('./database.ts')
  const { resetUserPassword } = await import('../platform/users/index.ts')
  await withDatabase(async ({ config, tenancy }) => {
    const link = await resetUserPassword(tenancy.platform, operator, username)
    showLink(json, await addressOf(config), username, link)
  })
}

type Grave = Common & { reason?: string; yes?: boolean }

async function resetSecondFactor(username: string, { json, reason, yes }: Grave): Promise<void> {
  const { withDatabase } = await import('./database.ts')
  const { confirm } = await import('./input.ts')
  const { resetUserFactorByOperator } = await import('../platform/users/index.ts')
  await confirm(`Retirer le second facteur du compte ${username} ?`, yes)
  await withDatabase(({ tenancy }) => resetUserFactorByOperator(tenancy.platform, operator, username, reason))
  output(json, { username, secondFactor: false }, [
    `Le compte ${username} n’a plus de second facteur ; ses sessions sont terminées.`,
  ])
}

async function disable(username: string, { json, reason, yes }: Grave): Promise<void> {
  const { withDatabase } = await import('./database.ts')
  const { confirm } = await import('./input.ts')
  const { disableUser } = await import('../platform/users/index.ts')
  await confirm(`Fermer le compte ${username} ?`, yes)
  await withDatabase(({ tenancy }) => disableUser(tenancy.platform, operator, username, reason))
  output(json, { username, status: 'disabled' }, [`Le compte ${username} est fermé ; ses sessions sont terminées.`])
}

/** Where this configuration serves, or the server that runs on its data folder. */
async function addressOf(config: { dataDir: string; host: string; port: number }): Promise<string> {
  const { holderOf } = await import('../supervisor/lock.ts')
  const { urlOf } = await import('../supervisor/address.ts')
  return holderOf(config.dataDir)?.address ?? urlOf(config.host, config.port)
}

function showLink(
  json: boolean | undefined,
  address: string,
  username: string,
  link: { token: string; expiresAt: string },
): void {
  const url = `${address}/activation#${link.token}`
  output(json, { username, url, expiresAt: link.expiresAt }, [
    `Compte ${username} : la personne choisit son mot de passe à cette adresse, une seule fois, avant le ${link.expiresAt.slice(0, 10)} :`,
    url,
  ])
}
