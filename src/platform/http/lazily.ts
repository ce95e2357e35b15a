import type { FastifyInstance } from 'fastify'

/** What an application will make of its schemas when they are first asked. */
const unmade = new WeakMap<FastifyInstance, (() => void)[]>()

/**
 * A function that is made when it is first called. Compiling the validators and serializers of all routes was 40 % of what
 * a process did before it was ready, and a process rarely sees them all.
 */
export function lazily<A, R>(app: FastifyInstance, make: () => (argument: A) => R): (argument: A) => R {
  let made: ((argument: A) => R) | undefined
  const waiting = unmade.get(app) ?? []
  unmade.set(app, waiting)
  waiting.push(() => void (made ??= make()))
  return (argument) => (made ??= make())(argument)
}

/** Makes everything at once. @throws Error for a schema that cannot be compiled: for the test that looks for those */
export function compileAll(app: FastifyInstance): number {
  const waiting = unmade.get(app) ?? []
  for (const make of waiting) make()
  return waiting.length
}
