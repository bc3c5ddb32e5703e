// The guide "Rescale a job", file by file and command by command: what it shows is what happens.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { JobDirectory } from '../integration/cli/job-directory.ts'
import { codeBlocksOf } from './code-blocks.ts'
import { asTyped, ShownOutput } from './shown-output.ts'

const project = new JobDirectory()
const bin = fileURLToPath(new URL('../../packages/runtime/bin/millrace.js', import.meta.url))
const shown = new ShownOutput(new Map([['/home/ann/shop', project.path]]))

// `millrace` in every shell of the guide.
writeFileSync(join(project.path, 'millrace'), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`, { mode: 0o755 })

afterAll(() => {
  const { jobs } = JSON.parse(shell('millrace list --json').text) as {
    readonly jobs: readonly { readonly id: string }[]
  }
  for (const { id } of jobs) shell(`millrace cancel ${id}`)
  project[Symbol.dispose]()
})

/** Runs a command, and answers what a terminal would show. */
function shell(command: string): { readonly status: number | null; readonly text: string } {
  const PATH = [project.path, dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH, NO_COLOR: '1', MILLRACE_HOME: join(project.path, 'home') }
  const script = `exec 2>&1; ${command}`
  const { status, stdout } = spawnSync('/bin/sh', ['-c', script], { cwd: project.path, env, encoding: 'utf8' })
  return { status, text: stdout }
}

/** What a reader does between two commands: looks on until the job has done something. */
async function checkpointOf(jobId: string): Promise<void> {
  const directory = join(project.path, 'checkpoints', jobId)
  const isThere = () =>
    existsSync(directory) && readdirSync(directory).some((name) => existsSync(join(directory, name, '_metadata')))
  for (let i = 0; i < 400 && !isThere(); i++) await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isThere(), `a checkpoint of ${jobId}; ${shell('millrace list -a; cat home/jobs/logs/*').text}`).toBe(true)
}

/** The numbers of each customer, in the order of the files. */
function countsByCustomer(): ReadonlyMap<string, readonly number[]> {
  const counts = new Map<string, number[]>()
  const directory = join(project.path, 'counts')
  for (const name of readdirSync(directory).filter((file) => !file.startsWith('.'))) {
    for (const line of readFileSync(join(directory, name), 'utf8').trimEnd().split('\n')) {
      const [customer = '', count] = line.split(' ')
      const numbers = counts.get(customer) ?? []
      counts.set(customer, numbers)
      numbers.push(Number(count))
    }
  }
  return counts
}

test('Every file and command of the guide does what the guide shows', async () => {
  let commandCount = 0
  for (const { language, name, text } of codeBlocksOf('docs/guides/rescale-a-job.md')) {
    if (name !== '') project.write(name, text)
    if (language !== 'console') continue
    for (const { command, lines } of asTyped(text)) {
      commandCount++
      const here = shell(shown.asHere(command))
      const actual = here.text.split('\n').slice(0, lines.length)
      expect({ command, lines: shown.compare(lines, actual), text: here.text }).toEqual({
        command,
        lines: [],
        text: here.text,
      })
      const refused = lines.some((line) => line.startsWith('error: '))
      expect({ command, status: here.status }).toEqual({ command, status: refused ? 1 : 0 })
      const [, jobId] = /^Job has been submitted with JobID (\w+)$/m.exec(here.text) ?? []
      if (jobId !== undefined) await checkpointOf(jobId)
      if (command.includes('uniq -d')) {
        const counts = countsByCustomer()
        expect(counts.size).toBe(100)
        for (const numbers of counts.values()) {
          expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from(numbers, (_, i) => i + 1))
        }
      }
    }
  }
  expect(commandCount).toBe(16)
}, 120_000)
