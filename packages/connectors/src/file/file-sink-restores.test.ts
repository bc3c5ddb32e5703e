import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Committer, SinkWriter } from '@millrace/runtime/connector'
import { SimulatedClock, SystemClock, silentLogger, testSinkWriterContext } from '@millrace/runtime/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FileSink } from './file-sink.ts'

const clock = new SystemClock()
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-file-sink-restores-'))
})
afterAll(() => rm(root, { recursive: true }))

/** What a complete checkpoint has of the sink, and of the source before it. */
interface Checkpoint {
  readonly id: number
  /** By subtask of that time. */
  readonly writerStates: readonly (readonly unknown[])[]
  readonly committables: readonly (readonly unknown[])[]
  /** How many records had been written before it. */
  readonly recordCount: number
}

interface Subtask {
  readonly writer: SinkWriter<string>
  readonly committer: Committer
  /** Prepared, and not committed yet. */
  prepared: unknown[]
}

const steps = ['flush', 'prepare-commit', 'snapshot', 'complete', 'half-committed', 'committed'] as const
/** After which step of a checkpoint the process dies; `none` if it goes on. */
type Kill = (typeof steps)[number] | 'none'

/** One checkpoint of an attempt. */
interface Round {
  readonly recordCount: number
  readonly kill: Kill
  /** The job goes on from the snapshot in this many subtasks, if it was killed. */
  readonly nextParallelism: number
}

/** Drives writers and committers through checkpoints as a job does, and dies where it is told to. */
class SinkRun {
  readonly #sink: FileSink<string>
  #subtasks: Subtask[] = []
  #written = 0
  #last: Checkpoint | undefined
  #nextId = 1
  /** Of processes that died: nothing is done with them but to give their files back at the end. */
  readonly #dead: SinkWriter<string>[] = []

  constructor(sink: FileSink<string>) {
    this.#sink = sink
  }

  /** How many records count: those that were written after the snapshot of a restore do not. */
  get recordCount(): number {
    return this.#written
  }

  async start(parallelism: number): Promise<void> {
    this.#written = this.#last?.recordCount ?? 0
    const writerStates = dealt(this.#last?.writerStates.flat() ?? [], parallelism)
    const committables = dealt(this.#last?.committables.flat() ?? [], parallelism)
    this.#dead.push(...this.#subtasks.splice(0).map(({ writer }) => writer))
    for (let subtaskIndex = 0; subtaskIndex < parallelism; subtaskIndex++) {
      const context = testSinkWriterContext({
        clock,
        subtaskIndex,
        parallelism,
        checkpointingEnabled: true,
        ...(this.#last === undefined ? {} : { restoredCheckpointId: this.#last.id }),
      })
      const committer = this.#sink.createCommitter()
      await committer.commit(committables[subtaskIndex] ?? [])
      const states = writerStates[subtaskIndex] ?? []
      const writer = await (states.length === 0
        ? this.#sink.createWriter(context)
        : this.#sink.restoreWriter(context, states))
      this.#subtasks.push({ writer, committer, prepared: [] })
    }
  }

  async write(recordCount: number): Promise<void> {
    for (let i = 0; i < recordCount; i++) {
      const subtask = this.#subtasks[this.#written % this.#subtasks.length]!
      await subtask.writer.write(`record ${this.#written++}`)
    }
  }

  /** Takes a checkpoint; answers whether the process lived through it. */
  async checkpoint(kill: Kill): Promise<boolean> {
    const id = this.#nextId++
    for (const { writer } of this.#subtasks) await writer.flush?.(false)
    if (kill === 'flush') return false
    for (const subtask of this.#subtasks) {
      subtask.prepared.push(...((await subtask.writer.prepareCommit?.()) ?? []))
    }
    if (kill === 'prepare-commit') return false
    const writerStates: (readonly unknown[])[] = []
    for (const { writer } of this.#subtasks) writerStates.push((await writer.snapshotState?.(id)) ?? [])
    const committables = this.#subtasks.map(({ prepared }) => [...prepared])
    if (kill === 'snapshot') return false
    this.#last = structuredClone({ id, writerStates, committables, recordCount: this.#written })
    if (kill === 'complete') return false
    for (const [index, subtask] of this.#subtasks.entries()) {
      if (kill === 'half-committed' && index > 0) break
      // A commit that is cut short has done a part of them.
      if (kill === 'half-committed') await subtask.committer.commit(subtask.prepared.slice(0, 1))
      else await subtask.committer.commit(subtask.prepared)
      if (kill !== 'half-committed') subtask.prepared = []
    }
    return kill === 'none'
  }

  async endInput(): Promise<void> {
    for (const subtask of this.#subtasks) {
      await subtask.writer.flush?.(true)
      subtask.prepared.push(...((await subtask.writer.prepareCommit?.()) ?? []))
      await subtask.committer.commit(subtask.prepared)
      await subtask.writer.close?.()
    }
  }

  /** What a process does that is shut down in order; one that is killed does not get there. */
  async close(): Promise<void> {
    for (const { writer } of this.#subtasks.splice(0)) await writer.close?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const writer of this.#dead) await writer.close?.()
  }
}

/** In turn, as list state is. */
function dealt(items: readonly unknown[], parallelism: number): unknown[][] {
  return Array.from({ length: parallelism }, (_, index) => items.filter((_, i) => i % parallelism === index))
}

/** All lines of all finished files, in the order in which they were written. */
async function finishedRecords(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'))
  const contents = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  const lines = contents.flatMap((content) => content.split('\n').slice(0, -1))
  return lines.sort((a, b) => Number(a.split(' ')[1]) - Number(b.split(' ')[1]))
}

const records = (count: number) => Array.from({ length: count }, (_, i) => `record ${i}`)

async function runToTheEnd(run: SinkRun, parallelism: number, rounds: readonly Round[], lastCount: number) {
  await run.start(parallelism)
  for (const { recordCount, kill, nextParallelism } of rounds) {
    await run.write(recordCount)
    if (await run.checkpoint(kill)) continue
    // Half of the processes that end get to close their writers.
    if (recordCount % 2 === 0) await run.close()
    await run.start(nextParallelism)
  }
  await run.write(lastCount)
  await run.endInput()
}

const rounds = fc.array(
  fc.record({
    recordCount: fc.integer({ min: 0, max: 12 }),
    kill: fc.constantFrom<Kill>('none', 'none', ...steps),
    nextParallelism: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 8 },
)

test.each([true, false])(
  'FileSink has each record once in finished files, wherever the job dies and at any parallelism; at checkpoints: %s',
  async (atCheckpoints) => {
    let directories = 0
    await fc.assert(
      fc.asyncProperty(rounds, fc.integer({ min: 1, max: 4 }), async (drawn, parallelism) => {
        const directory = join(root, `${atCheckpoints}-${directories++}`)
        const sink = FileSink.forRows<string>(directory, { rolling: { maxBytes: 60, atCheckpoints } })
        await using run = new SinkRun(sink)
        await runToTheEnd(run, parallelism, drawn, 10)
        const seen = await finishedRecords(directory)
        expect(seen).toEqual(records(run.recordCount))
      }),
      { numRuns: 40 },
    )
  },
)

test.each(steps)('FileSink has each record once when the job dies after this step: %s', async (kill) => {
  const directory = join(root, `after-${kill}`)
  await using run = new SinkRun(FileSink.forRows<string>(directory, { rolling: { maxBytes: 25 } }))
  await run.start(2)
  await run.write(7)
  expect(await run.checkpoint('none')).toBe(true)
  expect(await finishedRecords(directory)).toEqual(records(7))
  await run.write(6)
  expect(await run.checkpoint(kill)).toBe(false)
  const isComplete = kill === 'complete' || kill === 'half-committed' || kill === 'committed'
  await run.start(3)
  expect(await finishedRecords(directory)).toEqual(records(isComplete ? 13 : 7))
  await run.write(4)
  await run.endInput()
  expect(await finishedRecords(directory)).toEqual(records(isComplete ? 17 : 11))
})

test('FileSink writes one file through failures, and shows it only when it is whole', async () => {
  let directories = 0
  await fc.assert(
    fc.asyncProperty(rounds, async (drawn) => {
      const directory = join(root, `single-${directories++}`)
      await using run = new SinkRun(FileSink.forSingleFile<string>(join(directory, 'out.txt')))
      await run.start(1)
      for (const { recordCount, kill } of drawn) {
        await run.write(recordCount)
        if (!(await run.checkpoint(kill))) await run.start(1)
        expect(await finishedRecords(directory)).toEqual([])
      }
      await run.write(3)
      await run.endInput()
      const seen = (await readFile(join(directory, 'out.txt'), 'utf8')).split('\n').slice(0, -1)
      expect(seen).toEqual(records(run.recordCount))
    }),
    { numRuns: 40 },
  )
})

test('FileSink shows pending files only when they are committed, and takes away what no snapshot has', async () => {
  const directory = join(root, 'pending')
  const sink = FileSink.forRows<string>(directory, { rolling: { maxBytes: 4 } })
  const context = testSinkWriterContext({ clock, checkpointingEnabled: true })
  const writer = await sink.createWriter(context)
  for (const record of ['abcd', 'efgh', 'i']) await writer.write(record)
  await writer.flush?.(false)
  expect(await shapes(directory)).toEqual([
    '.part-0-ID-0.inprogress',
    '.part-0-ID-1.inprogress',
    '.part-0-ID-2.inprogress',
  ])
  const committables = (await writer.prepareCommit?.()) ?? []
  await writer.write('jklm')
  await writer.close?.()
  expect(await shapes(directory)).toEqual([
    '.part-0-ID-0.inprogress',
    '.part-0-ID-1.inprogress',
    '.part-0-ID-2.inprogress',
  ])
  await sink.createCommitter().commit(committables)
  expect(await shapes(directory)).toEqual(['part-0-ID-0', 'part-0-ID-1', 'part-0-ID-2'])
})

test('FileSink makes the file in progress pending at a savepoint of a job without checkpoints', async () => {
  const directory = join(root, 'savepoint')
  const sink = FileSink.forRows<string>(directory, { rolling: { maxBytes: 4 } })
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  for (const record of ['abcd', 'e']) await writer.write(record)
  await writer.flush?.(false)
  const committables = (await writer.prepareCommit?.()) ?? []
  expect(await writer.snapshotState?.(1)).toEqual([])
  expect(await shapes(directory)).toEqual(['.part-0-ID-1.inprogress', 'part-0-ID-0'])
  await sink.createCommitter().commit(committables)
  expect(await shapes(directory)).toEqual(['part-0-ID-0', 'part-0-ID-1'])
  await writer.close?.()
})

test('FileSink rolls by age after a restore as well', async () => {
  const directory = join(root, 'age')
  const time = new SimulatedClock()
  const sink = FileSink.forRows<string>(directory, { rolling: { rolloverIntervalMs: 1000, atCheckpoints: false } })
  const before = await sink.createWriter(testSinkWriterContext({ clock, checkpointingEnabled: true }))
  await before.write('a')
  await before.flush?.(false)
  const states = (await before.snapshotState?.(1)) ?? []
  await before.write('lost')
  await before.close?.()
  const context = testSinkWriterContext({ clock: time, checkpointingEnabled: true })
  const after = await sink.restoreWriter(context, structuredClone(states))
  await after.write('b')
  time.advanceTo(1000)
  await after.write('c')
  const committables = (await after.prepareCommit?.()) ?? []
  expect(committables).toMatchObject([{ bytes: 4 }])
  await sink.createCommitter().commit(committables)
  expect(await finishedRecords(directory)).toEqual(['a', 'b'])
  await after.close?.()
})

test('FileSink refuses to commit a pending file that is gone or was changed, and names it', async () => {
  const directory = join(root, 'lost')
  const sink = FileSink.forRows<string>(directory)
  const writer = await sink.createWriter(testSinkWriterContext({ clock, checkpointingEnabled: true }))
  await writer.write('abcd')
  const committables = (await writer.prepareCommit?.()) as { path: string; temporaryPath: string }[]
  const { path, temporaryPath } = committables[0]!
  await truncate(temporaryPath, 3)
  const committer = sink.createCommitter()
  await expect(committer.commit(committables)).rejects.toMatchObject({
    code: 'PENDING_FILE_LOST',
    message:
      `Cannot finish "${path}", which the snapshot has as 5 bytes in "${temporaryPath}": it has 3 bytes. ` +
      'Bring that file back, or start from another snapshot.',
  })
  await rm(temporaryPath)
  await expect(committer.commit(committables)).rejects.toThrow('it is gone. Bring')
  await writeFile(path, 'abcd\n')
  await committer.commit(committables)
  await writeFile(path, 'longer')
  await expect(committer.commit(committables)).rejects.toThrow(`it is gone, and "${path}" has 6 bytes`)
})

test('FileSink goes back to a snapshot whose file in progress was finished since, but not to one whose file is lost', async () => {
  const directory = join(root, 'older')
  const sink = FileSink.forRows<string>(directory, { rolling: { atCheckpoints: false } })
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => warnings.push(message) }
  const context = { ...testSinkWriterContext({ clock, checkpointingEnabled: true }), logger }
  const writer = await sink.createWriter(context)
  await writer.write('abcd')
  const states = (await writer.snapshotState?.(1)) as { path: string; temporaryPath: string }[]
  await writer.flush?.(true)
  await sink.createCommitter().commit((await writer.prepareCommit?.()) ?? [])
  await writer.close?.()
  const restored = await sink.restoreWriter(context, states)
  await restored.close?.()
  expect(warnings).toEqual(['A part file that was being written when the snapshot was taken has been finished since'])
  const { path, temporaryPath } = states[0]!
  await rm(path)
  await expect(sink.restoreWriter(context, states)).rejects.toMatchObject({
    code: 'IN_PROGRESS_FILE_LOST',
    message:
      `Cannot go on writing "${path}" where the snapshot left off, at byte 5 of "${temporaryPath}": it is gone. ` +
      'Bring that file back, or start from a newer snapshot, or without one.',
  })
  await writeFile(temporaryPath, 'abc')
  await expect(sink.restoreWriter(context, states)).rejects.toThrow('it has only 3 bytes')
})

/** The names in a directory, sorted, with unique ids replaced. */
async function shapes(directory: string): Promise<string[]> {
  return (await readdir(directory))
    .map((name) => name.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'ID'))
    .sort()
}

test('A file whose age ends it while a checkpoint is being taken is in that checkpoint', async () => {
  const directory = await mkdtemp(join(root, 'aged-'))
  const sink = FileSink.forRows<string>(directory, { rolling: { atCheckpoints: false, rolloverIntervalMs: 100 } })
  const simulated = new SimulatedClock()
  const context = testSinkWriterContext({ clock: simulated, checkpointingEnabled: true })
  const writer = await sink.createWriter(context)
  await writer.write('before')
  await writer.flush?.(false)
  expect(await writer.prepareCommit?.()).toEqual([])
  simulated.advanceTo(100)
  const states = (await writer.snapshotState?.(1)) ?? []
  expect(states).toHaveLength(1)
  await writer.close?.()

  const restored = await sink.restoreWriter(context, structuredClone(states))
  await restored.write('behind')
  await restored.flush?.(true)
  await sink.createCommitter().commit((await restored.prepareCommit?.()) ?? [])
  await restored.close?.()
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'))
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  expect(texts).toEqual(['before\nbehind\n'])
})
