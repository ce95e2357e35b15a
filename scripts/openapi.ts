// Writes the OpenAPI document that a running SIS answers at /openapi.json, and lints it.
//   npm run openapi                writes openapi.json
//   npm run openapi -- <file>      writes another file
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { createTenancy } from '../src/tenancy/index.ts'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { openAccess } from '../src/platform/auth/index.ts'
import { quiet, startDatabase } from '../test/cluster.ts'
import { redocly } from '../test/redocly.ts'

const root = join(import.meta.dirname, '..')
const target = process.argv[2] ?? join(root, 'openapi.json')

const database = await startDatabase()
const { installation } = database
const tenancy = await createTenancy({ url: database.apiUrl, installation, poolSize: 2, log: quiet })
const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation })
const app = await buildApp({
  config: loadConfig({}),
  access,
  log: pino({ level: 'silent' }),
})
try {
  await app.ready()
  writeFileSync(target, `${JSON.stringify(app.swagger(), null, 2)}\n`)
} finally {
  await app.close()
  access.close()
  await tenancy.close()
  await database.stop()
}
const { status } = spawnSync(process.execPath, redocly('lint', target), {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, REDOCLY_TELEMETRY: 'off' },
})
process.exitCode = status ?? 1
