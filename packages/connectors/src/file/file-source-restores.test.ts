import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readSource, readSourceThroughFailures, SystemClock } from '@millrace/runtime/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FileSource } from './file-source.ts'

const clock = new SystemClock()
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-file-restores-'))
})
afterAll(() => rm(root, { recursive: true }))

const attempts = fc.array(
  fc.record({
    parallelism: fc.integer({ min: 1, max: 4 }),
    snapshotAfter: fc.integer({ min: 0, max: 12 }),
    recordsLost: fc.integer({ min: 0, max: 6 }),
  }),
  { minLength: 1, maxLength: 4 },
)
const runs = fc.record({ attempts, limits: fc.infiniteStream(fc.integer({ min: 1, max: 4 })) })
const lineEnd = fc.constantFrom('\n', '\r\n')

/** Holds `sourceOf(path)` to reading every record once through failures, with a file of each drawn text. */
async function readsEachRecordOnce<T>(
  name: string,
  texts: fc.Arbitrary<string>,
  sourceOf: (path: string, splitBytes: number) => FileSource<T>,
) {
  const path = join(root, name)
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 8, max: 200 }), runs, async (text, splitBytes, { attempts, limits }) => {
      await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text)
      const pollLimit = () => limits.next().value!
      await readSourceThroughFailures(sourceOf(path, splitBytes), { clock, attempts, pollLimit, parallelism: 2 })
    }),
    { numRuns: 40 },
  )
}

/** Lines that tell where they come from, some of them of more bytes than characters. */
const texts = fc
  .array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), lineEnd), { maxLength: 30 })
  .chain((lines) =>
    fc.tuple(
      fc.constantFrom('', '\uFEFF'),
      fc.constant(lines.map(([line, end], i) => `${i} ${line.replaceAll(/[\r\n]/g, '')}${end}`).join('')),
      fc.constantFrom('', 'the last'),
    ),
  )
  .map((parts) => parts.join(''))

test('FileSource emits every line once through failures, at any parallelism', () =>
  readsEachRecordOnce('lines', texts, (path, splitBytes) => FileSource.forTextLines(path, { splitBytes })))

test('FileSource goes on in the middle of a packed file', () =>
  readsEachRecordOnce('lines.gz', texts, (path) => FileSource.forTextLines(path)))

const jsonLines = fc
  .array(fc.tuple(fc.constantFrom('', '{oops', 'ok'), fc.string({ unit: 'grapheme', maxLength: 8 }), lineEnd), {
    maxLength: 30,
  })
  .map((lines) =>
    lines.map(([kind, text, end], i) => (kind === 'ok' ? JSON.stringify({ i, text }) : kind) + end).join(''),
  )

test('FileSource emits every JSON line once, whatever it leaves out in between', () =>
  readsEachRecordOnce('lines.jsonl', jsonLines, (path, splitBytes) =>
    FileSource.forJsonLines(path, { splitBytes, onMalformed: 'skip' }),
  ))

function csvTexts(field: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const fillers = fc.constantFrom('', '', '', '# a comment', 'one field', '')
  return fc
    .record({
      mark: fc.constantFrom('', '\uFEFF'),
      names: fc.tuple(field, field),
      rows: fc.array(fc.tuple(field, fillers), { maxLength: 25 }),
      end: lineEnd,
      endsWithLineEnd: fc.boolean(),
    })
    .map(({ mark, names: [a, b], rows, end, endsWithLineEnd }) => {
      const lines = rows.flatMap(([text, filler], i) => [
        `${i},${quoted(text)}`,
        ...(filler === '' ? [] : [filler, '']),
      ])
      const header = `${quoted(`a${a}`)},${quoted(`b${b}`)}`
      return mark + [header, ...lines].join(end) + (endsWithLineEnd ? end : '')
    })
}

const csvOptions = { comment: '#', onMalformed: 'skip' } as const

test('FileSource goes on in the middle of CSV with quoted line ends, with the names of its header', () => {
  const field = fc.string({ unit: fc.constantFrom('x', 'é', ',', '"', '\n', '\r\n', '🦀'), maxLength: 6 })
  return readsEachRecordOnce('a.csv', csvTexts(field), (path) => FileSource.forCsv(path, csvOptions))
})

test('FileSource goes on in the middle of splits of CSV', () => {
  const field = fc.string({ unit: fc.constantFrom('x', 'é', ',', '"', '🦀'), maxLength: 6 })
  return readsEachRecordOnce('b.csv', csvTexts(field), (path, splitBytes) =>
    FileSource.forCsv(path, { ...csvOptions, noMultilineFields: true, splitBytes }),
  )
})

test('FileSource goes on in the middle of packed CSV without a header', () => {
  const field = fc.string({ unit: fc.constantFrom('x', ',', '"', '\n'), maxLength: 6 })
  return readsEachRecordOnce('c.csv.gz', csvTexts(field), (path) =>
    FileSource.forCsv(path, { header: false, comment: '#' }),
  )
})

test('FileSource keeps in a snapshot the byte and the line at which the next record begins', async () => {
  const path = join(root, 'positions.jsonl')
  await writeFile(path, '{"é":1}\n\n{"a":2}\n{oops\n')
  const source = FileSource.forJsonLines(path)
  const { snapshot } = await readSource(source, { clock, snapshotAfter: 2, recordsMax: 2 })
  expect(snapshot).toEqual({
    enumerator: { unassigned: [] },
    splits: [[{ splitId: `${path}:0`, path, offset: 18, length: 6, linesBefore: 3 }]],
    records: [[{ é: 1 }, { a: 2 }]],
  })
  await expect(readSource(source, { clock, restore: snapshot })).rejects.toThrow(`line 4 (byte 18) of "${path}"`)
})

test('FileSource names lines of CSV as before after a restore', async () => {
  const path = join(root, 'lines.csv')
  await writeFile(path, 'a,b\n1,"x\ny"\n2,z\n3\n')
  const source = FileSource.forCsv(path)
  const { snapshot } = await readSource(source, { clock, snapshotAfter: 1, recordsMax: 1 })
  expect(snapshot?.splits).toEqual([
    [{ splitId: path, path, offset: 12, length: Number.MAX_SAFE_INTEGER, linesBefore: 3, fieldNames: ['a', 'b'] }],
  ])
  await expect(readSource(source, { clock, restore: snapshot })).rejects.toThrow('the record that ends on line 5 of')
})

test.each([
  ['text', 'it has only 4 bytes'],
  ['text.gz', 'it has only 2 bytes when it is unpacked'],
])('FileSource names a file that has become shorter than where it has to go on: %s', async (name, state) => {
  const path = join(root, name)
  await writeFile(path, name.endsWith('.gz') ? gzipSync('a\nb\nc\nd\n') : 'a\nb\nc\nd\n')
  const source = FileSource.forTextLines(path)
  const { snapshot } = await readSource(source, { clock, snapshotAfter: 3, recordsMax: 3 })
  if (name.endsWith('.gz')) await writeFile(path, gzipSync('a\n'))
  else await truncate(path, 4)
  await expect(readSource(source, { clock, restore: snapshot })).rejects.toMatchObject({
    code: 'FILE_CHANGED',
    message: `Cannot read "${path}" from byte 6 on: ${state}. Bring the file back as it was, or start the job without the snapshot.`,
    facts: { path, offset: 6, fileBytes: name.endsWith('.gz') ? 2 : 4 },
  })
  await rm(path)
  await expect(readSource(source, { clock, restore: snapshot })).rejects.toMatchObject({
    code: 'FILE_CHANGED',
    message: expect.stringContaining('there is no such file any more'),
    facts: { path, offset: 6 },
  })
})

test('FileSource reads after a restore the files that were found before, and no others', async () => {
  const directory = await mkdtemp(join(root, 'found-'))
  await writeFile(join(directory, 'b'), 'b1\nb2\n')
  await writeFile(join(directory, 'c'), 'c\n')
  const source = FileSource.forTextLines(directory)
  const { snapshot } = await readSource(source, { clock, snapshotAfter: 1, recordsMax: 1 })
  await writeFile(join(directory, 'a'), 'a\n')
  expect((await readSource(source, { clock, restore: snapshot })).records).toEqual([['b2', 'c']])
})
