// The table that cdc-orders keeps, against what a plain loop over the shop's log comes to.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKafkaDriver } from '../../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { PostgresServer } from '../../../scripts/postgres/postgres-server.ts'
import { Millrace } from '../../integration/cli/millrace.ts'
import { query } from '../../postgres/query.ts'
import { startTestPostgres } from '../../postgres/test-postgres.ts'
import { driverContext, write } from '../driver-context.ts'
import { brokers, uniqueName } from '../kafka.ts'
import { type Change, changeLog, deliveries, eventOf, reportOf } from './change-log.ts'
import { type ReportRow, readReport } from './report-row.ts'
import { reportOfShop } from './shop-report.ts'

const partitionCount = 16
const example = (name: string) =>
  fileURLToPath(new URL(`../../../packages/examples/src/cdc-orders/${name}`, import.meta.url))
const driver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
const directory = mkdtempSync(join(tmpdir(), 'millrace-cdc-orders-'))
let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startTestPostgres()
})
afterAll(async () => {
  rmSync(directory, { recursive: true })
  await driver.close()
  await postgres.stop()
})

/** A topic, a table and a place for checkpoints of the test's own, and the job over them. */
async function newWorld() {
  const topic = uniqueName('shop.public.orders')
  const table = topic.replaceAll('.', '_')
  await driver.admin.createTopics([{ topic, partitions: partitionCount }])
  await query(
    postgres.url,
    `create table "${table}" (order_id bigint primary key, customer text not null, status text not null,
      amount numeric(12, 2) not null, updated_at timestamptz not null)`,
  )
  const checkpoints = join(directory, topic)
  const jobArgs = ['--brokers', brokers(), '--input', topic, '--group', topic, '--checkpoints', checkpoints]
  const world = {
    topic,
    run: (options: readonly string[], ...more: readonly string[]) =>
      new Millrace(
        ['run', ...options, example('job.ts'), '--', ...jobArgs, '--database', postgres.url, '--table', table, ...more],
        { cwd: directory, timeoutMs: 100_000 },
      ),
    rows: () => readReport(postgres.url, table),
    async untilCheckpoint(): Promise<void> {
      const isThere = () =>
        existsSync(checkpoints) &&
        readdirSync(checkpoints, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('_metadata'))
      while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 50))
    },
    /** The test's time ends it if it never is. */
    async untilRows(isEnough: (rows: readonly ReportRow[]) => boolean, run: Millrace): Promise<void> {
      while (!isEnough(await world.rows())) {
        if (run.child.exitCode !== null) throw new Error(`The job ended:\n${run.stderr}`)
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
  }
  return world
}

/** Writes each partition's changes in the order in which they are told. */
async function deliver(topic: string, changes: readonly Change[]): Promise<void> {
  const producer = driver.createProducer()
  for (let partition = 0; partition < partitionCount; partition++) {
    const own = changes.filter(({ id }) => id % partitionCount === partition).map(eventOf)
    for (let i = 0; i < own.length; i += 1_000) await write(producer, topic, partition, ...own.slice(i, i + 1_000))
  }
  await producer.close()
}

const isSame = (expected: readonly ReportRow[]) => (rows: readonly ReportRow[]) =>
  JSON.stringify(rows) === JSON.stringify(expected)

describe('The example cdc-orders', () => {
  test('keeps the table exact over duplicates, old changes after newer ones, two SIGKILLs and other parallelisms', async () => {
    const world = await newWorld()
    const log = changeLog({ seed: 2_026, orderCount: 400, changeCount: 6_000 })
    const told = deliveries({ seed: 7, log })
    const parts = [0, 1, 2].map((i) => told.slice((i * told.length) / 3, ((i + 1) * told.length) / 3))

    await deliver(world.topic, parts[0]!)
    const first = world.run(['--resume', '-p', '2'])
    await world.untilRows((rows) => rows.length > 50, first)
    await world.untilCheckpoint()
    await deliver(world.topic, parts[1]!)
    first.child.kill('SIGKILL')
    await first.ended

    const second = world.run(['--resume', '-p', '4'])
    await second.until(({ stderr }) => stderr.includes('JobID'))
    await deliver(world.topic, parts[2]!)
    second.child.kill('SIGKILL')
    await second.ended

    const third = world.run(['--resume', '-p', '3'])
    const expected = reportOf(log)
    await world.untilRows(isSame(expected), third)
    third.child.kill('SIGINT')
    expect((await third.ended).status, third.stderr).toBe(130)
    expect(await world.rows()).toEqual(expected)
  })

  test('reports what its own shop sells, and ends where the topic ends', async () => {
    const world = await newWorld()
    const changeCount = 12_000
    const shop = new Millrace(
      ['run', example('produce.ts'), '--', '--brokers', brokers(), '--output', world.topic].concat([
        '--changes',
        String(changeCount),
        '--rate',
        '100000',
      ]),
      { cwd: directory, timeoutMs: 60_000 },
    )
    expect((await shop.ended).status, shop.stderr).toBe(0)
    const job = world.run(['-p', '2'], '--bounded')
    expect((await job.ended).status, job.stderr).toBe(0)
    expect(await world.rows()).toEqual(reportOfShop(changeCount))
  })
})
