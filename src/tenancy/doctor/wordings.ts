import { audit } from './wordings-audit.ts'
import { directory } from './wordings-directory.ts'
import { isolation } from './wordings-isolation.ts'
import { server } from './wordings-server.ts'

/** Every check in the order in which it is told, with its sentences. */
export const wordings = { ...server, ...isolation, ...directory, ...audit }
