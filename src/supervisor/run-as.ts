import { readFileSync, statSync } from 'node:fs'
import { Failure } from './failure.ts'

/** The user a PostgreSQL process runs as, when it is not our own. */
export type User = { uid: number; gid: number; name: string }

// PostgreSQL refuses to run as root and needs a user that the system knows (initdb: "could not look up effective user ID").
const candidates = ['sis', 'postgres', '_postgres', 'nobody']

function systemUsers(): User[] {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}

/**
 * The unprivileged user for a cluster folder when we are root; undefined when we are an ordinary user.
 * A cluster that exists keeps the owner it has.
 */
export function userFor(directory: string): User | undefined {
  const own = process.getuid?.()
  const owner = statSync(directory, { throwIfNoEntry: false })
  if (own === undefined) return undefined
  if (own !== 0) {
    if (owner && owner.uid !== own) {
      throw new Failure(
        `La base de données ${directory} appartient à un autre utilisateur (numéro ${owner.uid}) : démarrez SIS avec cet utilisateur.`,
      )
    }
    return undefined
  }
  const users = systemUsers()
  if (owner && owner.uid !== 0) {
    const user = users.find(({ uid }) => uid === owner.uid)
    if (user) return user
    throw new Failure(
      `La base de données ${directory} appartient à l’utilisateur numéro ${owner.uid}, que ce système ne connaît pas : créez-le ou rendez le dossier à un utilisateur connu.`,
    )
  }
  const found = candidates.flatMap((name) => users.find((user) => user.name === name && user.uid !== 0) ?? [])[0]
  if (!found) {
    throw new Failure(
      `PostgreSQL refuse de tourner en tant que root : créez un utilisateur (${candidates.join(', ')}).`,
    )
  }
  return found
}
