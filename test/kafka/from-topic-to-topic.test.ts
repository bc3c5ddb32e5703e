// The guide "From topic to topic in five minutes", file by file and command by command, with a Kafka of its own.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { isRunning } from '../../scripts/kafka/broker-process.ts'
import { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import { codeBlocksOf } from '../docs/code-blocks.ts'
import { repositoryRoot } from '../docs/public-doors.ts'
import { asTyped, ShownOutput } from '../docs/shown-output.ts'
import { JobDirectory } from '../integration/cli/job-directory.ts'
import { dataDirectory } from './data-directory.ts'
import { freeClusterPort, requireKafka } from './test-cluster.ts'

const guide = 'docs/guides/from-topic-to-topic.md'
const bin = fileURLToPath(new URL('../../packages/runtime/bin/millrace.js', import.meta.url))
const project = new JobDirectory()
/** What the guide starts is nobody's but its user's; so the name tells the next run whether this one could end it. */
const homePrefix = 'millrace-guide-'
const home = join(dataDirectory(), `${homePrefix}${process.pid}`)
await endAbandoned()
mkdirSync(home)
const port = String(await freeClusterPort())

const shown = new ShownOutput(
  new Map([
    ['/home/ann/shop', project.path],
    ['/home/ann/.local/state/millrace', home],
    // Tests run beside each other, and a reader's Kafka may be there.
    ['9092', port],
  ]),
)

// `npm install` of the packages, whose own test is in test/packaging, makes `npx millrace` known.
mkdirSync(join(project.path, 'node_modules', '.bin'))
const command = `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`
writeFileSync(join(project.path, 'node_modules', '.bin', 'millrace'), command, { mode: 0o755 })

const { KAFKA_BROKERS: _, ...environment } = process.env
const env = { ...environment, NO_COLOR: '1', MILLRACE_HOME: home }
const directories: Readonly<Record<string, string>> = { '~/millrace': repositoryRoot, '~/shop': project.path }

afterAll(() => {
  const { jobs } = JSON.parse(shell('~/shop', 'npx millrace list --json').stdout) as {
    readonly jobs: readonly { readonly id: string }[]
  }
  for (const { id } of jobs) shell('~/shop', `npx millrace cancel ${id}`)
  shell('~/millrace', `npm run --silent kafka:kill -- --port ${port}`)
  project[Symbol.dispose]()
  rmSync(home, { recursive: true, force: true })
})

async function endAbandoned(): Promise<void> {
  for (const name of readdirSync(dataDirectory()).filter((each) => each.startsWith(homePrefix))) {
    if (isRunning(Number(name.slice(homePrefix.length)), 'node')) continue
    const abandoned = join(dataDirectory(), name)
    const clusters = KafkaCluster.findAll(join(abandoned, 'kafka'), await requireKafka())
    await Promise.all(clusters.map((cluster) => cluster.kill()))
    rmSync(abandoned, { recursive: true, force: true })
  }
}

/** Runs a command to its end. */
function shell(directory: string, command: string) {
  const cwd = directories[directory]
  expect(cwd, directory).toBeDefined()
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** What the one terminal shows while the other goes on. */
class Foreground {
  text = ''
  readonly ended: Promise<number | null>
  #onOutput: () => void = () => {}

  constructor(directory: string, command: string) {
    const child = spawn('/bin/sh', ['-c', `exec 2>&1; ${command}`], { cwd: directories[directory], env })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.text += text
      this.#onOutput()
    })
    const { promise, resolve } = Promise.withResolvers<number | null>()
    child.on('close', resolve)
    this.ended = promise
  }

  /** The first line that begins so. */
  async line(start: string): Promise<string> {
    const find = () =>
      this.text
        .split('\n')
        .slice(0, -1)
        .find((line) => line.startsWith(start))
    for (let line = find(); ; line = find()) {
      if (line !== undefined) return line
      const more = new Promise<void>((resolve) => {
        this.#onOutput = resolve
      })
      await Promise.race([more, this.ended.then(() => expect.fail(`it ended: ${this.text}`))])
    }
  }
}

/** How the lines of a command compare: partitions are read side by side, and chosen at random where there is no key. */
function comparable(command: string, lines: readonly string[]): readonly string[] {
  if (command.includes('console-consumer')) return lines.toSorted()
  if (!command.includes('consumer-groups')) return lines
  const rows = lines.map((line) => line.split(/ +/)).filter(([, topic]) => topic === 'views')
  const sum = (column: number) => rows.reduce((total, row) => total + Number(row[column]), 0)
  return [`read ${sum(3)} of ${sum(4)}, lag ${sum(5)}`]
}

/** Offsets are committed to the group a moment after the counts are visible, which a reader does not notice. */
async function untilSame(run: () => ReturnType<typeof shell>, command: string, lines: readonly string[]) {
  for (let attempt = 1; ; attempt++) {
    const here = run()
    const [actual] = comparable(command, here.stdout.split('\n'))
    if (actual === comparable(command, lines)[0] || attempt === 10) return here
  }
}

test('Every file and command of the guide does what the guide shows', async () => {
  let commandCount = 0
  let foreground: Foreground | undefined
  for (const { language, name, text } of codeBlocksOf(guide)) {
    if (name !== '') project.write(name, shown.asHere(text))
    if (language !== 'console') continue
    for (const { directory, command, lines } of asTyped(text)) {
      commandCount++
      const isOnPort = /kafka:(start|stop)$/.test(command)
      const typed = isOnPort ? `${command} -- --port ${port}` : shown.asHere(command)
      if (/millrace run (?!-d)/.test(command)) {
        foreground = new Foreground(directory, typed)
        const [line = ''] = lines
        expect(shown.compare([line], [await foreground.line(line.split(' ')[0]!)])).toEqual([])
        continue
      }
      const here = command.includes('consumer-groups')
        ? await untilSame(() => shell(directory, typed), command, lines)
        : shell(directory, typed)
      const seen = `${here.stdout}${here.stderr}`
      expect({ command, status: here.status, seen }).toEqual({ command, status: 0, seen })
      const actual = (command.includes('consumer-groups') ? seen : here.stdout).trimEnd().split('\n')
      const shownLines = comparable(command, lines)
      expect({ command, lines: shown.compare(shownLines, comparable(command, actual)), seen }).toEqual({
        command,
        lines: [],
        seen,
      })
      if (command.includes('millrace stop')) expect(await foreground?.ended, foreground?.text).toBe(0)
    }
  }
  expect(commandCount).toBe(17)
}, 300_000)
