// The guide "Rescale a job", command by command: what it shows is what is printed, but for ids, paths and times.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeBlocksOf } from './code-blocks.ts'
import { repositoryRoot } from './public-doors.ts'

const blocks = codeBlocksOf('docs/rescale-a-job.md')
const folder = join(repositoryRoot, 'test/docs/.generated-rescale')
const millrace = join(repositoryRoot, 'packages/runtime/bin/millrace.js')
const env = { ...process.env, MILLRACE_HOME: join(folder, 'home') }

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const { name, text } of blocks) if (name !== '') writeFileSync(join(folder, name), text)
})
afterAll(() => {
  const { jobs } = JSON.parse(run(['list', '--json']).stdout) as { readonly jobs: readonly { readonly id: string }[] }
  for (const { id } of jobs) run(['cancel', id])
  rmSync(folder, { recursive: true, force: true })
})

function run(args: readonly string[]): {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
} {
  return spawnSync(process.execPath, [millrace, ...args], { cwd: folder, env, encoding: 'utf8' })
}

/** What the page says instead of what there is here: ids, names of savepoints. */
const shownAs = new Map<string, string>()

function asHere(text: string): string {
  // Names of savepoints have digits of ids in them, so the longest goes first.
  const pairs = [...shownAs].sort(([a], [b]) => b.length - a.length)
  return pairs.reduce((result, [shown, here]) => result.replaceAll(shown, here), text)
}

test('Every command of the guide does what the guide shows', () => {
  const commands = blocks
    .filter(({ language }) => language === 'console')
    .flatMap(({ text }) => text.split(/^\$ millrace /m).slice(1))
    .map((text) => {
      const [line = '', ...shown] = text.trimEnd().split('\n')
      return { line, shown }
    })
  expect(commands.map(({ line }) => line.split(' ')[0])).toEqual([
    ...['run', 'rescale', 'rescale', 'savepoint', 'cancel', 'run', 'savepoint'],
  ])
  for (const { line, shown } of commands) {
    const { status, stdout, stderr } = run(asHere(line).split(' '))
    expect({ line, status, stderr }).toMatchObject(
      line.endsWith('-p 500') ? { status: 1, stderr: expect.stringMatching(/^error: .*128/) } : { status: 0 },
    )
    for (const [i, shownLine] of shown.entries()) {
      const here = stdout.split('\n')[i] ?? ''
      learn(shownLine, here)
      expect(withoutTimes(here)).toBe(withoutTimes(asHere(shownLine)))
    }
  }
  expect(existsSync(join(folder, 'state.jsonl'))).toBe(true)
}, 120_000)

/** Takes over the ids and paths that a command has just printed. */
function learn(shown: string, here: string): void {
  const pattern = /(?<=JobID )[0-9a-f]{32}|(?<=Path: ).*/
  const [shownValue] = pattern.exec(shown) ?? []
  const [value] = pattern.exec(here) ?? []
  if (shownValue === undefined || value === undefined || asHere(shownValue) === value) return
  shownAs.set(shownValue, value)
  // The page abbreviates ids, and names savepoints from where the reader stands.
  if (shownValue.includes('/')) shownAs.set(`./savepoints/${shownValue.split('/').at(-1)}`, value)
  else shownAs.set(shownValue.slice(0, 6), value.slice(0, 6))
}

function withoutTimes(line: string): string {
  return line.replace(/\d+\.\d s/, 'some time')
}
