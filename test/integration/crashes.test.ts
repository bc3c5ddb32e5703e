// Processes that are killed at any instant, and the runs that go on where they were: nothing is lost, nothing is doubled.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { Millrace } from './cli/millrace.ts'

const job = fileURLToPath(new URL('./jobs/crashing-count.job.ts', import.meta.url))
const seed = Number(process.env.MILLRACE_SEED ?? 20_260_731)
const kills = Number(process.env.MILLRACE_KILLS ?? 8)
const fileCount = 4
const linesPerFile = 6_000
const keyCount = 37

const root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-crashes-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Mulberry32: the same seed kills at the same instants. */
function seeded(state: number): () => number {
  let at = state | 0
  return () => {
    at = (at + 0x6d2b79f5) | 0
    let t = Math.imul(at ^ (at >>> 15), 1 | at)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Writes the input, and answers its lines. */
function writeInput(directory: string): readonly string[] {
  mkdirSync(directory, { recursive: true })
  const lines: string[] = []
  for (let file = 0; file < fileCount; file++) {
    const own = Array.from({ length: linesPerFile }, (_, i) => {
      const number = file * linesPerFile + i
      return `key-${(number * 7) % keyCount} ${number}`
    })
    writeFileSync(join(directory, `lines-${file}.txt`), `${own.join('\n')}\n`)
    lines.push(...own)
  }
  return lines
}

/** What is wrong with the finished files; empty if they hold each line once, with the counts of each key in order. */
function violations(directory: string, expected: readonly string[]): readonly string[] {
  const found: string[] = []
  const seen = new Map<string, number>()
  const counts = new Map<string, number[]>()
  for (const name of readdirSync(directory).filter((each) => !each.startsWith('.'))) {
    const lastOf = new Map<string, number>()
    const text = readFileSync(join(directory, name), 'utf8')
    if (text !== '' && !text.endsWith('\n')) found.push(`${name} ends within a line`)
    for (const row of text.split('\n').slice(0, -1)) {
      const [key = '', count = '', ...line] = row.split(' ')
      seen.set(line.join(' '), (seen.get(line.join(' ')) ?? 0) + 1)
      if ((lastOf.get(key) ?? 0) >= Number(count)) found.push(`${name}: ${key} has ${count} after ${lastOf.get(key)}`)
      lastOf.set(key, Number(count))
      counts.set(key, [...(counts.get(key) ?? []), Number(count)])
    }
  }
  for (const line of expected) if (!seen.has(line)) found.push(`lost: ${line}`)
  for (const [line, times] of seen) if (times > 1) found.push(`${times} times: ${line}`)
  if (seen.size > expected.length) found.push(`${seen.size} lines instead of ${expected.length}`)
  for (const [key, all] of counts) {
    const isWhole = all.sort((a, b) => a - b).every((count, i) => count === i + 1)
    if (!isWhole) found.push(`the counts of ${key} are not 1 to ${all.length}`)
  }
  return found.slice(0, 20)
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

describe('a job whose process is killed again and again', () => {
  test.each(['files that end at checkpoints', 'long-files'])(
    'loses nothing and doubles nothing in its finished files, with another parallelism in between (%s)',
    async (how) => {
      const directory = join(root, how.slice(0, 4))
      const output = join(directory, 'output')
      const expected = writeInput(join(directory, 'input'))
      const random = seeded(seed)
      const start = (parallelism: number): Millrace =>
        new Millrace(
          [
            ...['run', '--resume', '-p', String(parallelism)],
            ...['-D', `execution.checkpointing.dir=${join(directory, 'checkpoints')}`],
            ...['-D', `execution.checkpointing.interval=${50 + Math.floor(random() * 50)} ms`],
            ...['-D', 'rest.port=0'],
            ...[job, '--', join(directory, 'input'), output, how],
          ],
          { env: { MILLRACE_HOME: join(directory, 'home') }, timeoutMs: 60_000 },
        )
      const story: string[] = [`seed ${seed}`]
      const tell = (): string => story.join('\n')
      let hasFinished = false
      for (let i = 0; i < kills && !hasFinished; i++) {
        const parallelism = i === Math.floor(kills / 2) ? 3 : 2
        const run = start(parallelism)
        // Some die on their way up.
        const isEarly = random() < 0.2
        if (!isEarly) await run.until(({ stderr }) => /^Job has been submitted/m.test(stderr))
        const afterMs = Math.floor(random() * (isEarly ? 600 : 900))
        await sleep(afterMs)
        run.child.kill('SIGKILL')
        const { status, signal, stderr } = await run.ended
        story.push(
          `run ${i}, -p ${parallelism}, killed ${afterMs} ms after its ${isEarly ? 'start' : 'submission'}: ${stderr}`,
        )
        expect(signal === 'SIGKILL' || status === 0, tell()).toBe(true)
        hasFinished = signal === null
      }
      if (!hasFinished) {
        const { status, stderr } = await start(2).ended
        story.push(`the last run: ${stderr}`)
        expect(status, tell()).toBe(0)
      }
      expect(violations(output, expected), tell()).toEqual([])
    },
    120_000,
  )
})
