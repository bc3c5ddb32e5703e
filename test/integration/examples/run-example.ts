import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../packages/examples/src/main.ts', import.meta.url))

export interface ExampleRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What `npm start -- ...` does once everything is installed and built, from `directory`. */
export function runExample(args: readonly string[], directory: string): ExampleRun {
  return spawnSync(process.execPath, [main, ...args], {
    cwd: directory,
    env: { ...process.env, INIT_CWD: directory },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
}
