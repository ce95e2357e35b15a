import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'

const server = createServer((_, answer) => answer.writeHead(429, { 'retry-after': '1' }).end('{}'))
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
