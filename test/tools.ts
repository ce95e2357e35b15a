import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'

/**
 * A program that a test needs and npm does not bring. Without it the test is skipped, counted and says why; with
 * SIS_REQUIRE_TOOLS=1, as in .ci/run, its absence is a failure.
 * @returns whether the test can go on
 */
export function requireTool(t: TestContext, path: string | undefined, name: string): path is string {
  if (path !== undefined) return true
  if (process.env['SIS_REQUIRE_TOOLS'] === '1') throw new Error(`${name} is required here and not installed`)
  t.skip(`${name} is not installed`)
  return false
}

/** A program on the PATH or where Debian keeps the system's. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** The bin folder of an installed PostgreSQL server of Debian, the oldest first: the one that differs most from ours. */
export function findPostgres(): string | undefined {
  const home = '/usr/lib/postgresql'
  const versions = existsSync(home) ? readdirSync(home).sort((a, b) => Number(a) - Number(b)) : []
  return versions
    .map((version) => join(home, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')))
}
