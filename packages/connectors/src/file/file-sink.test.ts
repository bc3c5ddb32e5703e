import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimulatedClock, SystemClock, type TestSinkOptions, testSinkWriterContext } from '@millrace/runtime/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FileSink } from './file-sink.ts'

const clock = new SystemClock()
let root: string
let directories = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-file-sink-'))
})
afterAll(() => rm(root, { recursive: true }))

const newDirectory = () => join(root, `new-${directories++}`, 'out')

/** Writes the records as a job does, up to the end of input. */
async function write<T>(sink: FileSink<T>, records: readonly T[], options: Partial<TestSinkOptions> = {}) {
  const writer = await sink.createWriter(testSinkWriterContext({ clock, ...options }))
  for (const record of records) await writer.write(record)
  await writer.flush?.(true)
  await writer.close?.()
}

/** The names in a directory, sorted, with unique ids replaced, and the contents. */
async function filesIn(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory)).sort()
  const entries = names.map(async (name) => [
    name.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'ID'),
    await readFile(join(directory, name), 'utf8'),
  ])
  return Object.fromEntries(await Promise.all(entries))
}

test('FileSink writes part files that roll when they have their bytes', async () => {
  const directory = newDirectory()
  await write(
    FileSink.forRows<string>(directory, { rolling: { maxBytes: 6 }, suffix: '.txt' }),
    ['aé', 'b', 'c', 'd', 'e'],
    {
      subtaskIndex: 3,
      parallelism: 4,
    },
  )
  expect(await filesIn(directory)).toEqual({ 'part-3-ID-0.txt': 'aé\nb\n', 'part-3-ID-1.txt': 'c\nd\ne\n' })
})

test('FileSink writes strings and numbers as they are, objects as JSON, and what encode makes of records', async () => {
  const directory = newDirectory()
  await write(FileSink.forRows<unknown>(directory), ['text', 1.5, { a: [1] }, null])
  expect(Object.values(await filesIn(directory))).toEqual(['text\n1.5\n{"a":[1]}\nnull\n'])
  const other = newDirectory()
  const encode = ([word, count]: readonly [string, number]) => `${count}\t${word}`
  await write(FileSink.forRows<readonly [string, number]>(other, { encode, newline: '\r\n', prefix: 'counts' }), [
    ['a', 2],
  ])
  expect(await filesIn(other)).toEqual({ 'counts-0-ID-0': '2\ta\r\n' })
})

test('FileSink shows finished files only, and finishes the last one at the end of input', async () => {
  const directory = newDirectory()
  const sink = FileSink.forRows<string>(directory, { rolling: { maxBytes: 4 } })
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  expect(await filesIn(directory)).toEqual({})
  await writer.write('abcd')
  await writer.write('e')
  await writer.flush?.(false)
  expect(await filesIn(directory)).toEqual({ '.part-0-ID-1.inprogress': 'e\n', 'part-0-ID-0': 'abcd\n' })
  await writer.flush?.(true)
  await writer.close?.()
  expect(await filesIn(directory)).toEqual({ 'part-0-ID-0': 'abcd\n', 'part-0-ID-1': 'e\n' })
})

test('FileSink leaves an unfinished file hidden when the job was canceled', async () => {
  const directory = newDirectory()
  const abort = new AbortController()
  const sink = FileSink.forRows<string>(directory)
  const writer = await sink.createWriter(testSinkWriterContext({ clock, signal: abort.signal }))
  await writer.write('a')
  await writer.flush?.(false)
  abort.abort()
  await writer.close?.()
  expect(await filesIn(directory)).toEqual({ '.part-0-ID-0.inprogress': 'a\n' })
})

test('FileSink rolls a while after the first record of a file', async () => {
  const directory = newDirectory()
  const time = new SimulatedClock()
  const sink = FileSink.forRows<string>(directory, { rolling: { rolloverIntervalMs: 1000 } })
  const writer = await sink.createWriter(testSinkWriterContext({ clock: time }))
  await writer.write('a')
  time.advanceTo(999)
  await writer.write('b')
  time.advanceTo(1000)
  await writer.write('c')
  await writer.flush?.(true)
  await writer.close?.()
  expect(await filesIn(directory)).toEqual({ 'part-0-ID-0': 'a\nb\n', 'part-0-ID-1': 'c\n' })
  expect(time.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
})

test('FileSink keeps what earlier runs wrote', async () => {
  const directory = newDirectory()
  for (const record of ['first', 'second']) await write(FileSink.forRows<string>(directory), [record])
  const names = await readdir(directory)
  const contents = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  expect(contents.sort()).toEqual(['first\n', 'second\n'])
})

test('FileSink pushes back while much is unwritten, and loses nothing to a writer that does not wait', async () => {
  const directory = newDirectory()
  const sink = FileSink.forRows<string>(directory, { rolling: { maxBytes: 3_000_000 } })
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  const lines = Array.from({ length: 200 }, (_, i) => String(i).padEnd(30_000, '.'))
  const answers = lines.map((line) => writer.write(line))
  expect(answers.slice(0, 34)).toEqual(Array(34).fill(undefined))
  expect(answers[40]).toBeInstanceOf(Promise)
  await Promise.all(answers)
  await writer.flush?.(true)
  const files = await filesIn(directory)
  expect(Object.keys(files)).toEqual(['part-0-ID-0', 'part-0-ID-1'])
  expect(Object.values(files).join('')).toBe(lines.map((line) => `${line}\n`).join(''))
})

test('FileSink writes a single file, and replaces the old one only when it is finished', async () => {
  const directory = newDirectory()
  const path = join(directory, 'out.txt')
  const sink = FileSink.forSingleFile<string>(path)
  expect(sink.parallelismMax).toBe(1)
  await write(sink, [])
  expect(await filesIn(directory)).toEqual({ 'out.txt': '' })
  await writeFile(path, 'old')
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  await writer.write('new')
  expect(await filesIn(directory)).toEqual({ '.out.txt.ID.inprogress': '', 'out.txt': 'old' })
  await writer.flush?.(true)
  await writer.close?.()
  expect(await filesIn(directory)).toEqual({ 'out.txt': 'new\n' })
  await write(FileSink.forSingleFile<string>('/dev/null'), ['gone'])
})

test('FileSink fails when the job starts if it cannot write there', async () => {
  const directory = newDirectory()
  await write(FileSink.forSingleFile<string>(join(directory, 'file')), [])
  const context = testSinkWriterContext({ clock })
  await expect(FileSink.forRows(join(directory, 'file', 'below')).createWriter(context)).rejects.toMatchObject({
    name: 'ConnectorError',
    code: 'FILE_UNWRITABLE',
    message: `Cannot write to "${join(directory, 'file', 'below')}": A part of the path is a file, not a directory. (ENOTDIR)`,
  })
  await expect(FileSink.forSingleFile(directory).createWriter(context)).rejects.toMatchObject({
    code: 'FILE_UNWRITABLE',
    message: `Cannot write to "${directory}": It is a directory. Name a file. (EISDIR)`,
  })
})

test('FileSink fails at the next record when a file cannot be finished', async () => {
  const directory = newDirectory()
  const sink = FileSink.forRows<string>(directory, { rolling: { maxBytes: 1 } })
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  await rm(directory, { recursive: true })
  await expect(writer.write('a')).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' })
  expect(() => writer.write('b')).toThrow('There is no such file')
  await writer.close?.()
})

test('FileSink refuses options that mean nothing', () => {
  expect(() => FileSink.forRows('x', { rolling: { maxBytes: 0 } })).toThrow('rolling.maxBytes must be an integer')
  expect(() => FileSink.forRows('x', { prefix: 'a/b' })).toThrow("prefix is a part of a file's name, not a path")
})
