import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const cli = fileURLToPath(new URL('../../packages/runtime/bin/millrace.js', import.meta.url))
const job = fileURLToPath(new URL('jobs/printing.job.ts', import.meta.url))

describe('What a job writes', () => {
  test('reaches the terminal to the last line, data on stdout only', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'run', job, '-p', '2'], { encoding: 'utf8' })
    expect(status).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    const printed = lines.filter((line) => /^[12]> \d+$/.test(line)).map((line) => Number(line.slice(3)))
    expect(printed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1))
    expect(lines.filter((line) => /^label> labelled \d+$/.test(line))).toHaveLength(2_000)
    expect(lines.filter((line) => !/>/.test(line))).toEqual([
      'console at the end of input',
      'console in close',
      'stdout in close',
    ])
    expect(lines).toHaveLength(4_003)
    expect(stderr).toContain('error in close')
    expect(stderr).toContain('FINISHED')
  })
})
