import { createServer } from 'node:http'
import process from 'node:process'
import { takeConnections } from './connections.ts'
import type { ToWorker } from './messages.ts'

// The least HTTP process that takes connections: two at a time; /crash ends it as it stands, /leave tells that it will.
const server = createServer((request, answer) => {
  if (request.url === '/crash') process.kill(process.pid, 'SIGKILL')
  if (request.url === '/leave') process.send?.({ type: 'leaving' })
  answer.end(String(process.pid))
})
const take = takeConnections(server, (next) => void process.send?.({ type: 'taken', next }), 2)

process.on('message', (message: ToWorker, connection: Parameters<typeof take>[0]) => {
  if (message.type === 'connection') take(connection)
})
process.send?.({ type: 'here' })
