// The guide "Rescale a change-data-capture job from 4 to 16", command by command, on the broker of all tests and a PostgreSQL.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import { decodeMetadata } from '../../packages/runtime/src/snapshot/metadata-codec.ts'
import { codeBlocksOf } from '../docs/code-blocks.ts'
import { repositoryRoot } from '../docs/public-doors.ts'
import { asTyped, ShownOutput } from '../docs/shown-output.ts'
import { JobDirectory } from '../integration/cli/job-directory.ts'
import { query } from '../postgres/query.ts'
import { startTestPostgres } from '../postgres/test-postgres.ts'
import { driverContext } from './driver-context.ts'
import { readReport } from './examples/report-row.ts'
import { reportOfShop } from './examples/shop-report.ts'
import { brokers, uniqueName } from './kafka.ts'

const partitionCount = 16
const example = join(repositoryRoot, 'packages/examples/src/cdc-orders')
const bin = fileURLToPath(new URL('../../packages/runtime/bin/millrace.js', import.meta.url))
const project = new JobDirectory()
const topic = uniqueName('shop.public.orders')
const group = uniqueName('cdc-orders')
const driver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
const postgres = await startTestPostgres()

// What differs here from where a reader is. The broker is everybody's, so topic and group have names of their own.
const shown = new ShownOutput(
  new Map([
    ['/home/ann/shop', project.path],
    ['~/millrace', repositoryRoot],
    ['localhost:9092', brokers()],
    ['shop.public.orders', topic],
    ['npx millrace', 'millrace'],
    ['produce.ts --', `produce.ts -- --brokers ${brokers()} --output ${topic}`],
    [' job.ts', ` job.ts -- --brokers ${brokers()} --input ${topic} --group ${group}`],
  ]),
)
mkdirSync(join(project.path, 'bin'))
writeFileSync(join(project.path, 'bin', 'millrace'), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`, {
  mode: 0o755,
})

const { hostname, port, username, pathname } = new URL(postgres.url)
const env = {
  ...process.env,
  PATH: [join(project.path, 'bin'), process.env.PATH].join(delimiter),
  NO_COLOR: '1',
  MILLRACE_HOME: join(project.path, 'home'),
  PGHOST: hostname,
  PGPORT: port,
  PGUSER: username,
  PGDATABASE: pathname.slice(1),
  PSQLRC: '/dev/null',
}
const directories: Readonly<Record<string, string>> = { '~/millrace': repositoryRoot, '~/shop': project.path }

afterAll(async () => {
  const { jobs } = JSON.parse(shell('~/shop', 'millrace list --json').text) as {
    readonly jobs: readonly { readonly id: string }[]
  }
  for (const { id } of jobs) shell('~/shop', `millrace cancel ${id}`)
  project[Symbol.dispose]()
  await driver.close()
  await postgres.stop()
})

/** Runs a command, and answers what a terminal would show. */
function shell(directory: string, command: string): { readonly status: number | null; readonly text: string } {
  const cwd = directories[directory]
  const { status, stdout } = spawnSync('/bin/sh', ['-c', `exec 2>&1; ${command}`], { cwd, env, encoding: 'utf8' })
  return { status, text: stdout }
}

/** What a reader does between two commands: looks on until something has happened. The test's time is the bound. */
async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 100))
}

const hasCheckpoint = (jobId: string) => () => {
  const directory = join(project.path, 'cdc-orders', jobId)
  return existsSync(directory) && readdirSync(directory).some((name) => existsSync(join(directory, name, '_metadata')))
}

/** The first hundred orders have been shipped, and every third one deleted. */
const haveFirstOrdersEnded = async () => {
  const rows = await query(postgres.url, 'select order_id::int as id, status from order_report where order_id < 100')
  return rows.length === 66 && rows.every(({ id, status }) => Number(id) % 3 !== 0 && status === 'SHIPPED')
}

const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }))

/** How far the job has told that it has read, by partition: what is told is in the table. */
async function committed(): Promise<readonly number[]> {
  const offsets = new Map(
    (await driver.fetchCommittedOffsets(group, partitions)).map(({ partition, offset }) => [partition, offset]),
  )
  return partitions.map(({ partition }) => offsets.get(partition) ?? 0)
}

async function ends(): Promise<readonly number[]> {
  return (await driver.listOffsets(partitions, 'latest')).map(({ offset }) => offset)
}

/** How many partitions each reader of a savepoint has. */
function partitionsOfReaders(savepoint: string): readonly number[] {
  const file = join(savepoint, '_metadata')
  const { operators } = decodeMetadata(readFileSync(file), file)
  const readers = operators.find(({ uid }) => uid === 'changes')!.subtasks
  return readers.map((reader) => reader.lists.reduce((sum, { itemCount }) => sum + itemCount, 0))
}

/** What is the same whenever it is looked at: neither how much state there is, nor how long it took. */
function comparable(command: string, lines: readonly string[]): readonly string[] {
  if (!command.startsWith('npx millrace rescale')) return lines
  const figures = / after (\d+ min )?[\d.]+ s\.$|\d+(\.\d+)? K?B\b.*/
  return lines.map((line) => line.replace(figures, '').replaceAll(/ +/g, ' ').trim())
}

test('Every command of the guide does what the guide shows, all 16 subtasks read, and the table is exact', async () => {
  let commandCount = 0
  for (const { language, name, text } of codeBlocksOf('docs/guides/rescale-cdc-orders.md')) {
    if (language === 'ts') expect(readFileSync(join(example, name), 'utf8')).toContain(text)
    if (language === 'sql') project.write(name, text)
    if (language !== 'console') continue
    for (const { directory, command, lines } of asTyped(text)) {
      commandCount++
      if (command.includes('order_id < 100')) await until(haveFirstOrdersEnded)
      if (command === 'psql -f check.sql') {
        await until(async () => (await committed()).join() === (await ends()).join())
      }
      const here = shell(directory, shown.asHere(command))
      const actual = here.text.split('\n').slice(0, lines.length)
      const difference = shown.compare(comparable(command, lines), comparable(command, actual))
      expect({ command, difference, text: here.text }).toEqual({ command, difference: [], text: here.text })
      expect({ command, status: here.status }).toEqual({ command, status: 0 })
      const [, jobId] = /^Job has been submitted with JobID (\w+)$/m.exec(here.text) ?? []
      if (jobId !== undefined && !command.includes('produce.ts')) await until(hasCheckpoint(jobId))
      if (command.includes('pg_stat_activity')) {
        const before = await committed()
        await until(async () => (await committed()).every((offset, i) => offset > before[i]!))
        const taken = shell('~/shop', shown.asHere('millrace savepoint c0ffee')).text
        const [, savepoint = ''] = /Path: (.*)/.exec(taken) ?? []
        expect(partitionsOfReaders(savepoint), taken).toEqual(Array(partitionCount).fill(1))
      }
    }
  }
  expect(commandCount).toBe(16)
  const eventCount = (await ends()).reduce((sum, end) => sum + end, 0)
  expect(await readReport(postgres.url, 'order_report')).toEqual(reportOfShop(eventCount))
}, 600_000)
