// Holds the public types: what should be inferred is, and misuse does not compile (`@ts-expect-error`).
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))
const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

test('The type programs compile, with every expected error and no other', () => {
  const { stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false', '--listFiles'], { encoding: 'utf8' })
  const lines = stdout.split('\n')
  const programs = readdirSync(folder).filter((file) => file.endsWith('.test-d.ts'))
  expect(lines.filter((line) => programs.includes(line.slice(folder.length)))).toEqual(
    expect.arrayContaining(programs.map((file) => join(folder, file))),
  )
  expect(lines.filter((line) => line.includes('): error'))).toEqual([])
})
