import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { generateAccessLogLine } from '../../../packages/examples/src/access-log/generate-access-log-line.ts'
import { parseAccessLogLine } from '../../../packages/examples/src/access-log/parse-access-log-line.ts'
import {
  addTraffic,
  type PathTraffic,
  trafficKey,
  trafficOf,
} from '../../../packages/examples/src/access-log/path-traffic.ts'
import { trafficTable } from '../../../packages/examples/src/access-log/traffic-table.ts'
import { TrafficTotals } from '../../../packages/examples/src/access-log/traffic-totals.ts'
import { runExample } from './run-example.ts'

const data = fileURLToPath(new URL('../../../packages/examples/data/', import.meta.url))

/** The table that a plain loop comes to. */
function expectedTable(lines: Iterable<string>): readonly string[] {
  const traffic = new Map<string, PathTraffic>()
  let malformed = 0
  for (const line of lines) {
    const entry = parseAccessLogLine(line)
    if (typeof entry === 'string') {
      malformed++
      continue
    }
    const one = trafficOf(entry)
    const before = traffic.get(trafficKey(one))
    traffic.set(trafficKey(one), before === undefined ? one : addTraffic(before, one))
  }
  const totals = new TrafficTotals()
  for (const each of traffic.values()) totals.update(each)
  return trafficTable(totals, malformed, 10)
}

const linesOf = (name: string): readonly string[] => readFileSync(`${data}${name}`, 'utf8').split('\n').slice(0, -1)

describe('The example access-log', () => {
  test.each(['1', '3'])('counts the log that a real nginx wrote, at parallelism %s', (parallelism) => {
    const { status, stdout, stderr } = runExample(
      ['access-log', '-p', parallelism, '--refresh', '0', '--input', 'nginx-access.log'],
      data,
    )
    expect(stdout.trimEnd().split('\n')).toEqual(expectedTable(linesOf('nginx-access.log')))
    expect(stdout).toContain('79 requests for 29 paths, 56.5 kB sent, 0 malformed lines')
    expect(stderr).toContain('FINISHED')
    expect(status).toBe(0)
  })

  test('counts several files, and malformed lines apart', () => {
    const { status, stdout, stderr } = runExample(['--refresh', '0', '--input', '*.log'], data)
    const lines = stdout.trimEnd().split('\n')
    expect(lines.slice(0, -1)).toEqual(expectedTable([...linesOf('access.log'), ...linesOf('nginx-access.log')]))
    expect(lines.at(-1)).toMatch(/^a malformed line \(no (client address|time|request)\): "/)
    expect(stderr).toMatch(/Parse\.malformedLines +9\b/)
    expect(status).toBe(0)
  })

  test('generates a log where none is given', () => {
    const { status, stdout } = runExample(['--refresh', '0', '--lines', '20000', '--rate', '0'], data)
    const generated = Array.from({ length: 20_000 }, (_, index) => generateAccessLogLine(index))
    expect(stdout.trimEnd().split('\n').slice(0, -1)).toEqual(expectedTable(generated))
    expect(status).toBe(0)
  })

  test.each([
    [['--lines', 'many'], '--lines takes a whole number, not "many"'],
    [['--lines', '5', '--input', 'access.log'], 'leave them out, or leave out --input'],
    [['--input', 'nothing.log'], 'nothing.log'],
    [['nope'], 'There is no example "nope": there are access-log, word-count, fraud-rules, running-totals'],
  ])('refuses %j before it starts', (args, message) => {
    const { status, stdout, stderr } = runExample(args, data)
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })
})
