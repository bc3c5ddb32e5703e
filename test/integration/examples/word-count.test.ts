import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWordAt } from '../../bench/words-text.ts'
import { runExample } from './run-example.ts'

/** The classic pipeline, with a tab for the blanks around the count. */
const pipeline =
  "LC_ALL=C tr -s '[:space:]' '\\n' < text.txt | sed '/^$/d' | LC_ALL=C sort | LC_ALL=C uniq -c | " +
  `awk '{ print $1 "\\t" $2 }'`

describe('The example word-count', () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-word-count-'))
  let expected = ''

  beforeAll(() => {
    const wordAt = createWordAt()
    const blanks = [' ', '  ', '\t', '\n', '\r\n', ' \n\n ', '\v', '\f', ' ']
    const odd = ['ü', '😀', '\ue000', 'a\u00a0b', '日本語', '"x"', '\\', '-']
    let text = '\n \t'
    for (let n = 0; n < 300_000; n++) {
      text += n % 97 === 0 ? odd[n % odd.length]! : wordAt(n)
      text += n % 7 === 0 ? blanks[n % blanks.length]! : ' '
    }
    writeFileSync(join(directory, 'text.txt'), `${text}last`)
    expected = execFileSync('sh', ['-c', pipeline], { cwd: directory, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  })

  afterAll(() => rmSync(directory, { recursive: true }))

  test.each(['1', '2', '4'])('prints what tr, sort and uniq -c print, at parallelism %s', (parallelism) => {
    const { status, stdout } = runExample(['word-count', '-p', parallelism, '--input', 'text.txt'], directory)
    expect(stdout === expected).toBe(true)
    expect(status).toBe(0)
  })

  test('writes the same to a file', () => {
    const { status, stdout } = runExample(['word-count', '--input', 'text.txt', '--output', 'counts.tsv'], directory)
    expect(readFileSync(join(directory, 'counts.tsv'), 'utf8') === expected).toBe(true)
    expect(existsSync(join(directory, 'counts.tsv.part'))).toBe(false)
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  test('an output that cannot be written fails the job and names the file', () => {
    const args = ['word-count', '--input', 'text.txt', '--output', 'no/such/directory.tsv']
    const { status, stderr } = runExample(args, directory)
    expect(stderr).toContain('Cannot write no/such/directory.tsv')
    expect(status).toBe(1)
  })

  test('without --input it says what it needs', () => {
    const { status, stderr } = runExample(['word-count'], directory)
    expect(stderr).toContain('word-count needs --input FILE')
    expect(status).toBe(2)
  })
})
