import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import { readSource, SeededRandom, SystemClock } from '@millrace/runtime/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import { FileSource } from './file-source.ts'

const clock = new SystemClock()
let root: string
let directories = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-file-source-'))
})
afterAll(() => rm(root, { recursive: true }))

/** A new directory with these files, by relative path. */
async function directoryOf(files: Record<string, string | Buffer>): Promise<string> {
  const directory = join(root, String(directories++))
  await mkdir(directory)
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content)
  }
  return directory
}

async function recordsOf<T>(source: FileSource<T>, parallelism = 1): Promise<T[]> {
  return (await readSource(source, { clock, parallelism })).records.flat()
}

test('FileSource reads the same lines at any split size and parallelism, each split in order', async () => {
  const directory = await directoryOf({})
  const line = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme-ascii', maxLength: 80 }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n', '\r')), { maxLength: 60 }),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer(),
      async (parts, splitBytes, parallelism, seed) => {
        const text = parts.flat().join('')
        const path = join(directory, 'text')
        await writeFile(path, text)
        const random = new SeededRandom(seed)
        const { records, splits } = await readSource(FileSource.forTextLines(path, { splitBytes }), {
          clock,
          parallelism,
          pollLimit: () => 1 + random.below(5),
        })
        // What a subtask emitted is its splits' lines one after the other: the splits, sorted, give the file.
        const inOrder = splits
          .flatMap((own, subtask) => own.map((split) => ({ split, subtask })))
          .sort((a, b) => a.split.offset - b.split.offset)
        const left = records.map((own) => [...own])
        const expected = text.replace(/^\uFEFF/, '').split(/\r?\n/)
        if (expected.at(-1) === '') expected.pop()
        let bytes = 0
        const starts = text.split('\n').map((part) => {
          const start = bytes
          bytes += Buffer.byteLength(part) + 1
          return start
        })
        const seen = inOrder.flatMap(({ split, subtask }) => {
          const count = starts.filter(
            (start, index) => index < expected.length && start >= split.offset && start < split.offset + split.length,
          ).length
          return left[subtask]?.splice(0, count) ?? []
        })
        expect(seen).toEqual(expected)
        expect(left.flat()).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
})

test('FileSource gives every reader a part of one large file', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i} `.repeat(30))
  const directory = await directoryOf({ 'large.txt': lines.join('\n') })
  const { records, splits } = await readSource(FileSource.forTextLines(join(directory, 'large.txt')), {
    clock,
    parallelism: 3,
    pollLimit: () => 1000,
  })
  expect(records.flat().sort()).toEqual(lines.sort())
  expect(splits.map((own) => own.length > 0)).toEqual([true, true, true])
})

test('FileSource reads a directory recursively, in the order of paths, without hidden files', async () => {
  const directory = await directoryOf({
    'b.txt': 'b\n',
    'a/2.txt': 'a2\n',
    'a/1.txt': 'a1',
    'a/.hidden': 'x\n',
    _SUCCESS: 'x\n',
    '.git/config': 'x\n',
    'empty.txt': '',
  })
  await symlink(directory, join(directory, 'a', 'circle'))
  expect(await recordsOf(FileSource.forTextLines(directory))).toEqual(['a1', 'a2', 'b'])
})

test('FileSource reads globs and lists of paths, each file once', async () => {
  const directory = await directoryOf({
    '1.log': 'one',
    '2.log': 'two',
    '3.txt': 'three',
    '[4].log': 'four',
    '.5.log': 'x',
  })
  expect(await recordsOf(FileSource.forTextLines(join(directory, '*.log')))).toEqual(['one', 'two', 'four'])
  expect(await recordsOf(FileSource.forTextLines(join(directory, '[4].log')))).toEqual(['four'])
  const listed = [join(directory, '3.txt'), join(directory, '*'), new URL(`file://${directory}/1.log`)]
  expect(await recordsOf(FileSource.forTextLines(listed))).toEqual(['three', 'one', 'two', 'four'])
  // What is named is read, hidden or not.
  expect(await recordsOf(FileSource.forTextLines(join(directory, '.5.log')))).toEqual(['x'])
})

test('FileSource reads a named pipe, which has no size, once and to its end', async () => {
  const directory = await directoryOf({})
  const path = join(directory, 'pipe')
  execFileSync('mkfifo', [path])
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}`)
  const [records] = await Promise.all([recordsOf(FileSource.forTextLines(path), 2), writeFile(path, lines.join('\n'))])
  expect(records).toEqual(lines)
})

test('FileSource tells readers that get no split that there is none', async () => {
  const directory = await directoryOf({ 'one.txt': 'a\nb\n' })
  const { records } = await readSource(FileSource.forTextLines(directory), { clock, parallelism: 4 })
  expect(records.map((own) => own.length).sort()).toEqual([0, 0, 0, 2])
})

test.each([
  ['missing.txt', 'FILE_NOT_FOUND', /Cannot read ".*missing.txt": there is no file .*Check the path/],
  ['*.nothing', 'NO_FILE_MATCHES', /Cannot read ".*\*\.nothing": no file matches\. .*quote the pattern/],
  [
    'a.txt/b',
    'FILE_UNREADABLE',
    /Cannot read ".*a.txt\/b": A part of the path is a file, not a directory\. \(ENOTDIR\)/,
  ],
])('FileSource fails before the first record if a path yields nothing: %s', async (path, code, message) => {
  const directory = await directoryOf({ 'a.txt': 'a' })
  const source = FileSource.forTextLines([join(directory, 'a.txt'), join(directory, path)])
  await expect(readSource(source, { clock })).rejects.toMatchObject({
    name: 'ConnectorError',
    code,
    message: expect.stringMatching(message),
  })
})

test('FileSource unpacks gzip, also of several members, and reads it in one split', async () => {
  const lines = Array.from({ length: 40_000 }, (_, i) => `ligne ${i} é ${Math.imul(i, 0x9e3779b9)}`)
  const half = lines.length / 2
  const packed = [lines.slice(0, half), lines.slice(half)].map((part) => gzipSync(`${part.join('\n')}\n`))
  const directory = await directoryOf({ 'a.gz': Buffer.concat(packed) })
  const { records, splits } = await readSource(FileSource.forTextLines(directory, { splitBytes: 100 }), {
    clock,
    parallelism: 2,
    pollLimit: () => 5000,
  })
  expect(records.flat()).toEqual(lines)
  expect(splits.flat()).toHaveLength(1)
})

test.each([
  ['cut short', gzipSync('a\n'.repeat(1000)).subarray(0, 30)],
  ['empty', Buffer.alloc(0)],
  ['not gzip', Buffer.from('plain text')],
])('FileSource names a gzip file that is %s', async (_, content) => {
  const directory = await directoryOf({ 'bad.gz': content })
  await expect(recordsOf(FileSource.forTextLines(directory))).rejects.toMatchObject({
    code: 'GZIP_BROKEN',
    message: expect.stringMatching(/^Cannot unpack ".*bad\.gz": .*cut short or damaged/),
  })
})

const positiveAmount: StandardSchemaV1<unknown, { amount: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const amount = Number((value as { amount: unknown }).amount)
      return amount > 0 ? { value: { amount } } : { issues: [{ message: 'must be positive', path: ['amount'] }] }
    },
  },
}

test('FileSource reads JSON lines and leaves blank ones out', async () => {
  const directory = await directoryOf({ 'a.jsonl': '{"amount":1}\n\n  \r\n{"amount":2}\r\n[3]' })
  expect(await recordsOf(FileSource.forJsonLines(directory))).toEqual([{ amount: 1 }, { amount: 2 }, [3]])
})

test('FileSource names file, line and byte of a malformed JSON line', async () => {
  const directory = await directoryOf({ 'a.jsonl': '{"é":1}\n{"amount":\n{}' })
  const path = join(directory, 'a.jsonl')
  await expect(recordsOf(FileSource.forJsonLines(path))).rejects.toMatchObject({
    code: 'MALFORMED_RECORD',
    message:
      `Cannot read line 2 (byte 9) of "${path}": it is not JSON. It is: "{\\"amount\\":". ` +
      "Pass onMalformed: 'skip' to leave such records out.",
    cause: expect.any(SyntaxError),
  })
  await expect(recordsOf(FileSource.forJsonLines(path, { splitBytes: 5 }), 2)).rejects.toMatchObject({
    message: expect.stringContaining(`the line at byte 9 of "${path}"`),
  })
})

test('FileSource counts the malformed JSON lines that it was told to skip', async () => {
  const directory = await directoryOf({ 'a.jsonl': '{"amount":1}\n{oops\n{"amount":-5}\n{"amount":"7"}\n' })
  const source = FileSource.forJsonLines(directory, { schema: positiveAmount, onMalformed: 'skip' })
  const { records, counters } = await readSource(source, { clock })
  expect({ records, counters }).toEqual({
    records: [[{ amount: 1 }, { amount: 7 }]],
    counters: { malformedRecords: 2 },
  })
  await expect(recordsOf(FileSource.forJsonLines(directory, { schema: positiveAmount }))).rejects.toThrow(
    'it is not JSON',
  )
})

test('FileSource says how a record does not fit the schema', async () => {
  const directory = await directoryOf({ 'a.jsonl': '{"amount":-5}\n' })
  await expect(recordsOf(FileSource.forJsonLines(directory, { schema: positiveAmount }))).rejects.toThrow(
    /Cannot read line 1 .*: it does not fit the schema: amount: must be positive\. It is: \{ amount: -5 \}/,
  )
})

test('FileSource reads CSV with quoted delimiters, quotes and line ends', async () => {
  const directory = await directoryOf({ 'a.csv': '\uFEFFname,note\r\nAnn,"a, ""b""\nc"\r\n\r\nÅsa,\r\n' })
  expect(await recordsOf(FileSource.forCsv(directory))).toEqual([
    { name: 'Ann', note: 'a, "b"\nc' },
    { name: 'Åsa', note: '' },
  ])
  expect(await recordsOf(FileSource.forCsv(directory, { header: false }))).toEqual([
    ['name', 'note'],
    ['Ann', 'a, "b"\nc'],
    ['Åsa', ''],
  ])
})

test('FileSource reads no record from a CSV file that has nothing but its header, which has no line end', async () => {
  const directory = await directoryOf({ 'a.csv': '"name \u{1f980}","b"' })
  expect(await recordsOf(FileSource.forCsv(directory))).toEqual([])
})

test('FileSource cuts a CSV file into splits if no field holds a line end, and all know the header', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ id: String(i), name: `name ${i}` }))
  const directory = await directoryOf({
    'a.csv': `\uFEFFid,name\r\n${rows.map(({ id, name }) => `${id},"${name}"`).join('\r\n')}`,
  })
  const { records, splits } = await readSource(
    FileSource.forCsv(directory, { noMultilineFields: true, splitBytes: 7000 }),
    { clock, parallelism: 3, pollLimit: () => 100 },
  )
  expect(records.flat().sort((a, b) => Number(a.id) - Number(b.id))).toEqual(rows)
  expect(splits.flat().length).toBeGreaterThan(10)
})

test('FileSource applies a schema to CSV, and names or skips what is malformed', async () => {
  const directory = await directoryOf({ 'a.csv': 'amount\n1\n2,3\n-4\n5\n' })
  const options = { schema: positiveAmount, trim: true }
  await expect(recordsOf(FileSource.forCsv(directory, options))).rejects.toThrow(
    /the record that ends on line 3 of ".*a\.csv": it has 2 fields, not 1\. It is: \[ '2', '3' \]/,
  )
  const { records, counters } = await readSource(FileSource.forCsv(directory, { ...options, onMalformed: 'skip' }), {
    clock,
  })
  expect({ records, counters }).toEqual({
    records: [[{ amount: 1 }, { amount: 5 }]],
    counters: { malformedRecords: 2 },
  })
})

test('FileSource fails on CSV that csv-parse cannot read, after the records before it', async () => {
  const directory = await directoryOf({ 'a.csv': 'a,b\n1,2\n3,"unclosed\n' })
  await expect(recordsOf(FileSource.forCsv(directory))).rejects.toMatchObject({
    code: 'MALFORMED_RECORD',
    message: expect.stringMatching(/^Cannot read the CSV in ".*a\.csv": Quote Not Closed/),
  })
  const twice = await directoryOf({ 'a.csv': 'a,a\n1,2\n' })
  await expect(recordsOf(FileSource.forCsv(twice))).rejects.toMatchObject({ code: 'INVALID_CSV_HEADER' })
})

test('FileSource refuses options that mean nothing', () => {
  expect(() => FileSource.forTextLines('x', { splitBytes: 0 })).toThrow(
    'splitBytes must be an integer of at least 1, not 0',
  )
})

test('FileSource knows the type of its records', () => {
  expectTypeOf(FileSource.forTextLines('x')).toEqualTypeOf<FileSource<string>>()
  expectTypeOf(FileSource.forJsonLines('x')).toEqualTypeOf<FileSource<unknown>>()
  expectTypeOf(FileSource.forJsonLines<{ a: 1 }>('x')).toEqualTypeOf<FileSource<{ a: 1 }>>()
  expectTypeOf(FileSource.forJsonLines('x', { schema: positiveAmount })).toEqualTypeOf<FileSource<{ amount: number }>>()
  expectTypeOf(FileSource.forCsv('x')).toEqualTypeOf<FileSource<Readonly<Record<string, string>>>>()
  expectTypeOf(FileSource.forCsv('x', { header: false })).toEqualTypeOf<FileSource<readonly string[]>>()
  expectTypeOf(FileSource.forCsv('x', { schema: positiveAmount })).toEqualTypeOf<FileSource<{ amount: number }>>()
})
