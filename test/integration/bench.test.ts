import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { keyedSums, w1 } from '../bench/check-values.ts'

const main = fileURLToPath(new URL('../bench/main.ts', import.meta.url))

const bench = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })

describe('The bench', () => {
  test.each([
    ['W1', '1', w1(200_000)],
    ['W2', '2', keyedSums(200_000, 10_000)],
    ['W2b', '2', keyedSums(200_000, 1_000_000)],
  ])('measures %s at parallelism %s, and the result is right', (workload, parallelism, expected) => {
    const options = [
      '--parallelism',
      parallelism,
      '--n',
      '200000',
      '--reps',
      '1',
      '--maxother',
      '99',
      '--chaining',
      'on',
    ]
    const { status, stdout, stderr } = bench(workload, ...options, '--json')
    expect(status, stderr).toBe(0)
    const line = JSON.parse(stdout) as Record<string, unknown>
    expect(line).toMatchObject({
      workload,
      parallelism: Number(parallelism),
      records: 200_000,
      ...expected,
      cleanRuns: 1,
    })
    expect(line.recordsPerSecond).toBeGreaterThan(0)
    expect(line.seconds).toBeLessThan(line.executeWallSeconds as number)
  })

  test.each([
    [['W9'], 'There is no workload "W9": there are W1, W2, W2b, W3, W6, W6r, W7, W8'],
    [['W1', '--n', '0'], '--n takes a whole number of at least 1, not "0"'],
    [['compare', 'W1'], 'compare needs --peer COMMAND'],
  ])('refuses %j', (args, message) => {
    const { status, stdout, stderr } = bench(...args)
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `error: ${message}\n` })
  })

  test('measures W7: a savepoint, its size, and a restore at another parallelism', () => {
    const { status, stdout, stderr } = bench('W7', '--n', '20000', '--reps', '1', '--maxother', '99', '--json')
    expect(status, stderr).toBe(0)
    const line = JSON.parse(stdout) as Record<string, number>
    expect(line).toMatchObject({ workload: 'W7', records: 20_000 })
    expect(line.savepointBytes).toBeGreaterThan(20_000 * 10)
    expect([line.savepointSeconds! > 0, line.restoreSubmitToAllOpenSeconds! > 0]).toEqual([true, true])
  })

  test('compares itself with a program that prints the same line', () => {
    const peer = `echo warming up; echo '{"recordsPerSecond":1000,"seconds":1}'`
    const { status, stdout } = bench(
      'compare',
      'W1',
      '--peer',
      peer,
      '--rounds',
      '1',
      '--n',
      '200000',
      '--reps',
      '1',
      '--json',
    )
    const result = JSON.parse(stdout) as Record<string, number>
    expect(result).toMatchObject({ workload: 'W1', rounds: 1, figure: 'recordsPerSecond', peer: 1000 })
    expect(result.ratio).toBeCloseTo(result.ours! / 1000, 0)
    expect(status).toBe(0)
  })
})
