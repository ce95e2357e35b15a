import type { Kind, Made, Place } from './world.ts'

// How a request of a route is written down for the matrix: here for the core, in its folder for a module.

/** A request that would succeed, in the establishment of `place`. */
export type Asked = {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  headers?: Record<string, string>
}

export type Plan = {
  /** Whose daily work it is. */
  who: 'agent' | 'admin' | 'anonymous' | 'superadmin' | 'ministere'
  make(place: Place): Promise<Asked> | Asked
  /** Its success. */
  status: number
  /** It ends the session that asked: each request gets one of its own. */
  endsSession?: true
  /** What the identifier in its path is. */
  path?: Kind | 'establishments'
  /** One's own colleague's records of that kind are nobody's either. */
  personal?: true
  /** Why nothing of another establishment can be named in it, where that is so; else each of its parameters is tried. */
  because?: string
}

export const ifMatch = (version = 1) => ({ 'if-match': `"${version}"` })
export const reason = { reason: 'Essai de cloisonnement' }

export const read = (path: Kind, who: Plan['who'] = 'agent'): Plan => ({
  who,
  path,
  status: 200,
  make: ({ records }) => ({ params: { id: records[path].id } }),
})
export const list = (who: Plan['who'] = 'agent', query: Record<string, string> = {}): Plan => ({
  who,
  status: 200,
  make: () => ({ query }),
})
export const change = (path: Made, who: Plan['who'], body: () => object): Plan => ({
  who,
  path,
  status: 200,
  async make(place) {
    const { id, version } = await place.make(path)
    return { params: { id }, headers: ifMatch(version), body: body() }
  },
})
export const hide = (path: 'patients' | 'consultations'): Plan => ({
  ...change(path, 'agent', () => reason),
  status: 204,
})
export const search: Plan = { who: 'agent', status: 200, make: () => ({ body: { limit: 5 } }) }
export const create = (who: Plan['who'], body: (place: Place) => object, status = 201): Plan => ({
  who,
  status,
  make: (place) => ({ body: body(place) }),
})
export const nothing = (
  status: number,
  because: string,
  make: Plan['make'] = () => ({}),
  who: Plan['who'] = 'agent',
): Plan => ({ who, status, make, because })
