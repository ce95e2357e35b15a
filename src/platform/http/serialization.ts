import Fastify, { type FastifyInstance } from 'fastify'

/**
 * One serializer per schema instead of one per status of each route: nine in ten are the problem document's
 * (423 of 455; compiling them was a third of the time in which a process becomes ready).
 */
export async function registerSerialization(app: FastifyInstance): Promise<void> {
  const compile = await compilerOfFastify()
  const made = new WeakMap<object, ReturnType<typeof compile>>()
  app.setSerializerCompiler((route) => {
    const schema = route.schema as object
    const serializer = made.get(schema) ?? compile(route)
    made.set(schema, serializer)
    return serializer
  })
}

/** Fastify hands its own compiler out only when an application that needs one is ready. */
async function compilerOfFastify(): Promise<NonNullable<FastifyInstance['serializerCompiler']>> {
  const plain = Fastify()
  plain.get('/', { schema: { response: { 200: { type: 'null' } } } }, async () => null)
  await plain.ready()
  const compile = plain.serializerCompiler
  await plain.close()
  if (compile === undefined) throw new Error('Fastify has no serializer compiler')
  return compile
}
