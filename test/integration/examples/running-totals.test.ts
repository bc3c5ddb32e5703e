import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { generateOrder } from '../../../packages/examples/src/running-totals/order.ts'
import { runExample } from './run-example.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-running-totals-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** How many totals there are of each customer, and the last one: what a plain loop comes to. */
function expectedTotals(count: number): ReadonlyMap<string, readonly [orders: number, amountCents: number]> {
  const totals = new Map<string, readonly [number, number]>()
  for (let id = 0; id < count; id++) {
    const { customer, amountCents } = generateOrder(id)
    const [orders, sum] = totals.get(customer) ?? [0, 0]
    totals.set(customer, [orders + 1, sum + amountCents])
  }
  return totals
}

/** What the files hold: each number of orders of a customer once, and the totals at the highest one. */
function writtenTotals(output: string): ReadonlyMap<string, readonly [orders: number, amountCents: number]> {
  const folder = join(directory, output)
  const lines = readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as { customer: string; orders: number; amountCents: number })
  const numbers = new Map<string, number[]>()
  const totals = new Map<string, readonly [number, number]>()
  for (const { customer, orders, amountCents } of lines) {
    numbers.set(customer, [...(numbers.get(customer) ?? []), orders])
    if (orders > (totals.get(customer)?.[0] ?? 0)) totals.set(customer, [orders, amountCents])
  }
  for (const [customer, each] of numbers) {
    expect(
      each.toSorted((a, b) => a - b),
      customer,
    ).toEqual(Array.from(each, (_, i) => i + 1))
  }
  return totals
}

describe('The example running-totals', () => {
  test.each(['1', '3'])('writes each total once though it fails on the way, at parallelism %s', (parallelism) => {
    const output = `failed-${parallelism}`
    const args = ['--orders', '6000', '--rate', '3000', '--fail-at', '5000', '--quiet', '60', '--output', output]
    const { status, stdout, stderr } = runExample(['running-totals', '-p', parallelism, ...args], directory)
    expect(stderr).toMatch(/WARN .*the job failed and is restarted.*--fail-at 5000/)
    expect(stderr).toMatch(/FINISHED .*restarted 1 time/)
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    expect(new Map([...writtenTotals(output)].toSorted())).toEqual(new Map([...expectedTotals(6_000)].toSorted()))
  })

  test('reads orders from a file', () => {
    const orders = Array.from({ length: 500 }, (_, id) => generateOrder(id))
    writeFileSync(join(directory, 'orders.jsonl'), orders.map((order) => `${JSON.stringify(order)}\n`).join(''))
    const { status, stderr } = runExample(
      ['running-totals', '--input', 'orders.jsonl', '--output', 'from-file'],
      directory,
    )
    expect(status, stderr).toBe(0)
    expect(new Map([...writtenTotals('from-file')].toSorted())).toEqual(new Map([...expectedTotals(500)].toSorted()))
  })

  test('tells of customers who become quiet', () => {
    const args = ['--orders', '500', '--rate', '500', '--quiet', '0', '--output', 'quiet']
    const { status, stdout } = runExample(['running-totals', ...args], directory)
    expect(stdout).toMatch(/^\d> customer-\d+ has become quiet after \d+ orders$/m)
    expect(status).toBe(0)
  })
})
