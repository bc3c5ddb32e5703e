import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { generateOrder } from '../../../packages/examples/src/running-totals/order.ts'
import { Millrace } from '../../integration/cli/millrace.ts'
import { runExample } from '../../integration/examples/run-example.ts'
import { brokers, kafkaTool, uniqueName } from '../kafka.ts'
import { closeTopics, committedRecords, newTopic, type ShownRecord, writeValues } from './topic-records.ts'

const job = fileURLToPath(new URL('../../../packages/examples/src/orders-by-customer/job.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'millrace-orders-by-customer-'))
afterAll(async () => {
  rmSync(directory, { recursive: true })
  await closeTopics()
})

interface Total {
  readonly customer: string
  readonly orders: number
  readonly amountCents: number
}

const orders = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => JSON.stringify(generateOrder(from + i)))

/** What a plain loop comes to: the last total of each customer. */
function expectedTotals(count: number): ReadonlyMap<string, Total> {
  const totals = new Map<string, Total>()
  for (let id = 0; id < count; id++) {
    const { customer, amountCents } = generateOrder(id)
    const { orders, amountCents: sum } = totals.get(customer) ?? { orders: 0, amountCents: 0 }
    totals.set(customer, { customer, orders: orders + 1, amountCents: sum + amountCents })
  }
  return totals
}

/** The last total of each customer; every one before it is there once, in order. */
function lastTotals(records: readonly ShownRecord[]): ReadonlyMap<string, Total> {
  const totals = new Map<string, Total>()
  for (const { key, value } of records) {
    const total = JSON.parse(value) as Total
    const before = totals.get(key)?.orders ?? 0
    expect({ key, orders: total.orders }).toEqual({ key: total.customer, orders: before + 1 })
    totals.set(key, total)
  }
  return totals
}

describe('The example orders-by-customer', () => {
  test('writes each total once over a SIGKILL, a Ctrl-C and two --resume', async () => {
    const input = await newTopic('orders', 3)
    const output = await newTopic('totals', 2)
    const group = uniqueName('orders-by-customer')
    const topics = ['--brokers', brokers(), '--input', input, '--output', output, '--group', group]
    const run = (...args: string[]) =>
      new Millrace(['run', ...args, job, '--', ...topics, '--checkpoints', join(directory, 'checkpoints')], {
        cwd: directory,
        timeoutMs: 170_000,
      })

    await writeValues(input, 3, orders(0, 1_000))
    const first = run('--resume')
    await committedRecords(output, 1_000)
    await writeValues(input, 3, orders(1_000, 2_000))
    first.child.kill('SIGKILL')
    await first.ended

    const second = run('--resume', '-p', '3')
    await committedRecords(output, 2_000)
    second.child.kill('SIGINT')
    expect((await second.ended).status, second.stderr).toBe(130)

    await writeValues(input, 3, orders(2_000, 3_000))
    const third = run('--resume', '-p', '1')
    const records = await committedRecords(output, 3_000, 'whole')
    third.child.kill('SIGINT')
    expect((await third.ended).status, third.stderr).toBe(130)

    expect(records).toHaveLength(3_000)
    expect(new Map([...lastTotals(records)].toSorted())).toEqual(new Map([...expectedTotals(3_000)].toSorted()))
    const shown = await kafkaTool('consumer-groups', ['--bootstrap-server', brokers(), '--describe', '--group', group])
    const rows = shown.split('\n').filter((line) => line.startsWith(group))
    const offsets = rows
      .map((row) => row.split(/ +/))
      .map(([, topic, partition, offset]) => ({ topic, partition, offset }))
    expect(offsets.toSorted((a, b) => Number(a.partition) - Number(b.partition))).toEqual(
      [1_002, 999, 999].map((offset, partition) => ({
        topic: input,
        partition: String(partition),
        offset: String(offset),
      })),
    )
  }, 180_000)

  test('puts orders that are none aside, as they were', async () => {
    const input = await newTopic('orders', 1)
    const output = await newTopic('totals', 1)
    const deadLetters = await newTopic('dead-letters', 1)
    const none = ['no JSON', '{"id":1,"customer":"","amountCents":5}', '{"id":1,"customer":"x","amountCents":"5"}']
    await writeValues(input, 1, [...none, '{"id":1,"customer":"ann","amountCents":5}'])
    const topics = ['--brokers', brokers(), '--input', input, '--output', output, '--group', uniqueName('group')]
    const args = ['orders-by-customer', '--bounded', ...topics, '--dead-letters', deadLetters]
    const { status, stderr } = runExample(args, directory)
    expect(status, stderr).toBe(0)
    expect(await committedRecords(output, 1)).toEqual([
      { key: 'ann', value: '{"customer":"ann","orders":1,"amountCents":5}' },
    ])
    expect((await committedRecords(deadLetters, 3)).map(({ value }) => value)).toEqual(none)
  })

  test('names the order that fails it, and what is wrong with it', async () => {
    const input = await newTopic('orders', 1)
    await writeValues(input, 1, ['{"id":1,"customer":"ann","amountCents":"5"}'])
    const output = await newTopic('totals', 1)
    const topics = ['--brokers', brokers(), '--input', input, '--output', output, '--group', uniqueName('group')]
    const args = ['orders-by-customer', '-D', 'restart-strategy.type=none', '--bounded', ...topics]
    const { status, stderr } = runExample(args, directory)
    expect(stderr).toMatch(new RegExp(`^error: .*${input}.*amountCents`, 'm'))
    expect(status).toBe(1)
  })
})
