import { spawn, type ChildProcess } from 'node:child_process'

/**
 * Ends a process when this one ends, however it does: a shell waits for our end of its pipe to close, which a kill -9 does too.
 * @param whole also what shares the group of which it is the leader
 */
export function endWithUs(child: ChildProcess, { whole = false } = {}): void {
  const { pid } = child
  if (pid === undefined) return
  // A session of its own: the shell must outlive a Ctrl-C that ends us.
  const shell = spawn('/bin/sh', ['-c', 'read _; kill -TERM "$1"', 'bench-guard', String(whole ? -pid : pid)], {
    detached: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.once('error', () => {})
  shell.unref()
  // Disarmed by the end of what it watches: its number may then be anybody's.
  child.once('exit', () => shell.kill('SIGKILL'))
}
