import type { Tenancy } from '#tenancy'
import type { Config } from '../config.ts'
import { demoAccounts, demoState, loadDemo, readablePassword, setDemoPassword, switchDemo } from '../demo/index.ts'
import { roleNames } from '../platform/auth/index.ts'
import type { Database } from './database.ts'
import { Failure } from './failure.ts'
import { table } from './table.ts'

type Options = { config: Config; database: Database; tenancy: Tenancy; tell: (line: string) => void }

/**
 * Loads the demonstration where it belongs, opens or closes its accounts as SIS_DEMO says, and tells how to sign in.
 * Without SIS_DEMO only an embedded, empty database outside production gets it.
 * @returns lines for the terminal, none where there is no demonstration
 * @throws Failure for SIS_DEMO=on where other accounts exist: its passwords are known to too many
 */
export async function prepareDemo({ config, database, tenancy, tell }: Options): Promise<string[]> {
  const state = await demoState(tenancy)
  if (config.demo === 'off') {
    if (state === 'loaded' || state === 'mixed') await switchDemo(tenancy, false)
    return []
  }
  if (config.demo === 'on' && (state === 'mixed' || state === 'foreign')) {
    throw new Failure(
      'SIS_DEMO=on est refusé : cette base de données contient d’autres comptes que ceux de démonstration.',
    )
  }
  if (state === 'absent') {
    const wanted = config.demo === 'on' || (database.embedded && !config.production)
    return wanted ? load({ config, database, tenancy, tell }) : []
  }
  if (state === 'mixed' && (await isOpen(tenancy))) return openBesideOthers
  if (state !== 'loaded') return []
  if (config.demo === 'on') await switchDemo(tenancy, true)
  if (config.demoPassword) await setDemoPassword(tenancy, config.demoPassword)
  if (!(await isOpen(tenancy))) return []
  return accountLines(config.demoPassword ?? 'inchangé (pour en changer : npx sis demo --reset-password)')
}

const openBesideOthers = [
  '',
  'Attention : les comptes de démonstration sont ouverts à côté de vrais comptes. Leur mot de passe a été affiché, et',
  'leurs administrateurs n’ont pas de second facteur. Démarrez avec SIS_DEMO=off pour les fermer.',
  '',
]

async function load({ config, database, tenancy, tell }: Options): Promise<string[]> {
  tell('Chargement des données de démonstration…')
  const password = config.demoPassword ?? readablePassword()
  await loadDemo({ owner: database.owner, tenancy, password })
  return accountLines(password)
}

async function isOpen(tenancy: Tenancy): Promise<boolean> {
  const found = await tenancy.platform.read('accounts', (db) =>
    db.selectFrom('account').select('id').where('demo', '=', true).where('status', '=', 'active').limit(1).execute(),
  )
  return found.length > 0
}

/** The demonstration's accounts as a table. @param password or what to say in its place */
export function accountLines(password: string): string[] {
  const rows = demoAccounts.map(({ username, role, establishment }) => [
    username,
    roleNames[role].fr,
    establishment?.name ?? '',
  ])
  return [
    '',
    ...table([['Compte', 'Rôle', 'Établissement'], ...rows]),
    '',
    `Mot de passe de ces comptes : ${password}`,
    '',
  ]
}
