import { describe, expect, test } from 'vitest'
import type { SinkWriter } from '../connector/sink.ts'
import type { InputStatus } from '../connector/source.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import { GivenReader, HandDrivenTask, macrotask } from './testing/hand-driven-task.ts'

/** Operators that note each call of their life cycle. */
class Diary {
  readonly entries: string[] = []

  operator(name: string, overrides: { readonly open?: () => unknown; readonly close?: () => unknown } = {}) {
    const note = (what: string) => void this.entries.push(`${what} ${name}`)
    return {
      kind: 'flat-map',
      fn: {
        open() {
          note('open')
          return overrides.open?.() as Promise<void>
        },
        flatMap: (value: unknown) => [value],
        endInput: () => note('end'),
        close() {
          note('close')
          return overrides.close?.() as Promise<void>
        },
      },
    } as const satisfies OperatorDefinition
  }

  /** A sink whose writer does what the test says. */
  sink(name: string, writer: Partial<SinkWriter<unknown>> = {}): OperatorDefinition {
    const note = (what: string) => void this.entries.push(`${what} ${name}`)
    return {
      kind: 'sink',
      sink: {
        createWriter() {
          note('open')
          return {
            write: (record) => writer.write?.(record),
            flush() {
              note('flush')
              return writer.flush?.(true)
            },
            close() {
              note('close')
              return writer.close?.()
            },
          }
        },
      },
    }
  }
}

const never = () => new Promise<void>(() => {})
const fails = (message: string) => () => {
  throw new Error(message)
}

async function started(operators: readonly OperatorDefinition[], reader = new GivenReader()): Promise<HandDrivenTask> {
  const task = new HandDrivenTask(operators, reader)
  await task.run()
  return task
}

describe('A subtask', () => {
  test('opens its operators last first, ends their input and closes them head first, and flushes its sinks before', async () => {
    const diary = new Diary()
    const operators = [diary.operator('a'), diary.operator('b', { open: macrotask, close: macrotask }), diary.sink('s')]
    const task = await started(operators)
    task.reader.give(1)
    task.reader.end()
    await task.run()
    await macrotask()
    const opened = ['open s', 'open b', 'open a']
    expect(diary.entries).toEqual([...opened, 'end a', 'end b', 'flush s', 'close a', 'close b', 'close s'])
    expect(task.states).toEqual(['INITIALIZING', 'RUNNING', 'FINISHED'])
    expect(task.reader.calls.filter((call) => call !== 'isAvailable')).toEqual(['start', 'close'])
    expect(task.subtask.isClosed).toBe(true)
  })

  test('does nothing while there is nothing to do, and asks its reader once', async () => {
    const task = await started([])
    expect([task.subtask.visit(), task.subtask.visit(), task.subtask.visit()]).toEqual([false, false, false])
    expect(task.reader.calls).toEqual(['start', 'isAvailable'])
    task.reader.give(1)
    await task.run()
    expect([task.out, task.reader.calls]).toEqual([[1], ['start', 'isAvailable', 'isAvailable']])
  })

  test('asks a reader again that has more at hand, though it emitted nothing', async () => {
    class Skipping extends GivenReader {
      #skips = 5
      override pollNext(output: Parameters<GivenReader['pollNext']>[0]): InputStatus {
        return this.#skips-- > 0 ? 'more-available' : super.pollNext(output)
      }
    }
    const reader = new Skipping()
    reader.give(1)
    expect((await started([], reader)).out).toEqual([1])
  })

  test('polls nothing while a sink waits, and everything afterwards', async () => {
    const written: unknown[] = []
    const sink = new Diary().sink('s', {
      write(record) {
        written.push(record)
        return macrotask()
      },
    })
    const task = await started([sink])
    task.reader.give(1, 2, 3)
    task.reader.end()
    await macrotask()
    while (task.subtask.visit());
    expect([written, task.reader.given]).toEqual([[1], [2, 3]])
    await task.run()
    expect([written, task.states.at(-1)]).toEqual([[1, 2, 3], 'FINISHED'])
  })

  test('sends what a generator put into collect, though no input follows', async () => {
    const task = new HandDrivenTask([
      {
        kind: 'flat-map',
        fn: function* () {
          yield* Array.from({ length: 1_500 }, (_, i) => i)
        },
      },
      { kind: 'collect', name: 'all', limit: 10_000 },
    ])
    task.reader.give('go')
    await task.run()
    expect([task.collected.length, task.states.at(-1)]).toEqual([1_500, 'RUNNING'])
  })
})

describe('A canceled subtask', () => {
  test('closes what is open, once, and emits nothing more', async () => {
    const diary = new Diary()
    const task = await started([diary.operator('a'), diary.sink('s')])
    task.reader.give(1)
    await Promise.all([task.subtask.cancel(), task.subtask.cancel()])
    await task.run()
    expect(diary.entries).toEqual(['open s', 'open a', 'close a', 'close s'])
    expect(task.states).toEqual(['INITIALIZING', 'RUNNING', 'CANCELING', 'CANCELED'])
  })

  test('runs the finally blocks of its paused generators first', async () => {
    const diary = new Diary()
    const task = await started([
      {
        kind: 'flat-map',
        fn: function* () {
          try {
            for (let i = 0; ; i++) yield i
          } finally {
            diary.entries.push('finally')
          }
        },
      },
      diary.operator('a'),
      { kind: 'filter', fn: () => false },
    ])
    task.reader.give('go')
    await macrotask()
    // Endless, and nothing of it reaches any output; still each visit ends.
    for (let i = 0; i < 10; i++) expect(task.subtask.visit()).toBe(true)
    await task.subtask.cancel()
    expect(diary.entries).toEqual(['open a', 'finally', 'close a'])
    expect(task.states.at(-1)).toBe('CANCELED')
  })

  test('waits for an open that is under way before it closes what that opened; the rest is never opened', async () => {
    const diary = new Diary()
    const opening = Promise.withResolvers<void>()
    const operators = [diary.operator('a'), diary.operator('b', { open: () => opening.promise }), diary.operator('c')]
    const task = new HandDrivenTask(operators)
    void task.subtask.initialize()
    await macrotask()
    const canceled = task.subtask.cancel()
    await macrotask()
    expect(diary.entries).toEqual(['open c', 'open b'])
    opening.resolve()
    await canceled
    expect(diary.entries).toEqual(['open c', 'open b', 'close b', 'close c'])
    expect([task.states, task.reader.calls]).toEqual([['INITIALIZING', 'CANCELING', 'CANCELED'], []])
  })

  test.each(['open', 'write', 'flush'] as const)('does not wait for ever for %s', async (method) => {
    const diary = new Diary()
    const sink = method === 'open' ? diary.operator('s', { open: never }) : diary.sink('s', { [method]: never })
    const task = await started([sink])
    task.reader.give(1)
    task.reader.end()
    await task.run()
    void task.subtask.cancel()
    await macrotask()
    expect([diary.entries.includes('close s'), task.subtask.isClosed]).toEqual([false, false])
    task.clock.advanceTo(task.clock.monotonicMs() + 1_000)
    await macrotask()
    expect([diary.entries.at(-1), task.states.at(-1), task.subtask.isClosed]).toEqual(['close s', 'CANCELED', true])
  })

  test('closes a writer that comes too late', async () => {
    const closed: string[] = []
    const creating = Promise.withResolvers<SinkWriter<unknown>>()
    const task = await started([{ kind: 'sink', sink: { createWriter: () => creating.promise } }])
    const canceled = task.subtask.cancel()
    await macrotask()
    task.clock.advanceTo(1_000)
    await canceled
    creating.resolve({ write: () => {}, close: () => void closed.push('closed') })
    await macrotask()
    expect(closed).toEqual(['closed'])
  })

  test('rings when it is closed, so that its slot notices', async () => {
    const closing = Promise.withResolvers<void>()
    const task = await started([new Diary().operator('a', { close: () => closing.promise })])
    void task.subtask.cancel()
    await macrotask()
    task.bell.take()
    closing.resolve()
    await macrotask()
    expect([task.bell.take(), task.subtask.isClosed]).toEqual([true, true])
  })

  test('is canceled though its functions fail', async () => {
    const diary = new Diary()
    const task = await started([diary.operator('a', { close: fails('no') }), diary.operator('b')])
    await task.subtask.cancel()
    task.subtask.fail(new Error('a consequence'))
    expect(diary.entries.slice(2)).toEqual(['close a', 'close b'])
    expect([task.states.at(-1), task.failure]).toEqual(['CANCELED', undefined])
  })

  test('while it closes after its end is canceled all the same', async () => {
    const closing = Promise.withResolvers<void>()
    const diary = new Diary()
    const task = await started([diary.operator('a', { close: () => closing.promise })])
    task.reader.end()
    await task.run()
    const canceled = task.subtask.cancel()
    closing.resolve()
    await canceled
    expect(diary.entries).toEqual(['open a', 'end a', 'close a'])
    expect(task.states).toEqual(['INITIALIZING', 'RUNNING', 'CANCELING', 'CANCELED'])
  })

  test('that has ended stays as it is', async () => {
    const task = await started([])
    task.reader.end()
    await task.run()
    await task.subtask.cancel()
    task.subtask.fail(new Error('too late'))
    expect([task.states.at(-1), task.failure]).toEqual(['FINISHED', undefined])
  })
})

describe('A failed subtask', () => {
  test('says so at once, and is closed later', async () => {
    const closing = Promise.withResolvers<void>()
    const diary = new Diary()
    const task = await started([
      diary.operator('a', { close: () => closing.promise }),
      { kind: 'map', fn: fails('no') },
    ])
    task.reader.give(1)
    await task.run()
    expect([task.states.at(-1), task.subtask.isEnded, task.subtask.isClosed]).toEqual(['FAILED', true, false])
    expect(task.failure).toMatchObject({ operatorName: 'map 2', recordPreview: '1' })
    closing.resolve()
    await macrotask()
    expect([diary.entries, task.subtask.isClosed]).toEqual([['open a', 'close a'], true])
    expect([task.subtask.visit(), task.states.filter((state) => state === 'FAILED')]).toEqual([false, ['FAILED']])
  })

  test('tells the first failure, though functions fail again while they are closed', async () => {
    const diary = new Diary()
    const task = await started([
      diary.operator('a', { close: async () => fails('closing')() }),
      { kind: 'map', fn: fails('first') },
      diary.operator('b', { close: fails('closing, too') }),
    ])
    task.reader.give(1)
    await task.run()
    expect(task.failure?.error.message).toBe('first')
    expect(diary.entries).toEqual(['open b', 'open a', 'close a', 'close b'])
  })

  test('runs the finally block of the generator whose value failed further down', async () => {
    const ends: string[] = []
    const task = await started([
      {
        kind: 'flat-map',
        fn: function* () {
          try {
            yield 1
          } finally {
            ends.push('finally')
          }
        },
      },
      { kind: 'map', fn: fails('no') },
    ])
    task.reader.give('go')
    await task.run()
    expect([ends, task.failure?.operatorName]).toEqual([['finally'], 'map 2'])
  })

  test('closes what was opened when another operator cannot be', async () => {
    const diary = new Diary()
    const operators = [diary.operator('a'), diary.operator('b', { open: fails('no') }), diary.operator('c')]
    const task = await started(operators)
    expect(diary.entries).toEqual(['open c', 'open b', 'close b', 'close c'])
    expect([task.states, task.reader.calls]).toEqual([['INITIALIZING', 'FAILED'], []])
  })

  test('fails by a close at its end, and closes the others', async () => {
    const diary = new Diary()
    const task = await started([diary.operator('a', { close: fails('no') }), diary.operator('b')])
    task.reader.end()
    await task.run()
    expect(diary.entries.slice(-2)).toEqual(['close a', 'close b'])
    expect([task.states.at(-1), task.failure?.operatorName]).toEqual(['FAILED', 'flat-map 1'])
  })

  test('ends at once by a rejected write, also while the rest of its output is blocked', async () => {
    const writing = Promise.withResolvers<void>()
    const task = await started([new Diary().sink('s', { write: () => writing.promise })])
    task.reader.give(1, 2)
    await task.run()
    writing.reject(new Error('disk full'))
    await task.run()
    expect(task.failure).toMatchObject({ operatorName: 'sink 1', recordPreview: '1', error: { message: 'disk full' } })
  })
})

describe('A reader', () => {
  test('hears nothing of splits before its start has ended', async () => {
    const starting = Promise.withResolvers<void>()
    class Slow extends GivenReader {
      override async start() {
        await starting.promise
        this.calls.push('started')
      }
    }
    const reader = new Slow()
    const task = await started([], reader)
    task.subtask.source?.addSplits([{ splitId: 'a' }])
    task.subtask.source?.notifyNoMoreSplits()
    expect(reader.calls).toEqual([])
    starting.resolve()
    await task.run()
    task.subtask.source?.addSplits([{ splitId: 'b' }])
    expect(reader.calls.filter((call) => call !== 'isAvailable')).toEqual([
      'started',
      'addSplits a',
      'notifyNoMoreSplits',
      'addSplits b',
    ])
  })

  test.each<[string, Partial<GivenReader>]>([
    ['start', { start: fails('no') }],
    ['an async start', { start: async () => fails('no')() }],
    ['pollNext', { pollNext: fails('no') }],
    ['isAvailable', { isAvailable: fails('no') }],
    ['a rejected isAvailable', { isAvailable: async () => fails('no')() }],
  ])('that fails in %s fails its subtask, named as the source', async (_, overrides) => {
    const task = await started([], Object.assign(new GivenReader(), overrides))
    await task.run()
    expect(task.failure).toEqual({
      operatorName: 'Source',
      recordPreview: undefined,
      error: expect.objectContaining({ message: 'no' }),
    })
    expect([task.states.at(-1), task.reader.calls.at(-1)]).toEqual(['FAILED', 'close'])
  })

  test('of a user without types may answer no promise', async () => {
    let polls = 0
    const reader = Object.assign(new GivenReader(), {
      isAvailable: () => undefined as never,
      pollNext: () => (++polls < 4 ? 'nothing-available' : 'end-of-input') as InputStatus,
    })
    expect((await started([], reader)).states.at(-1)).toBe('FINISHED')
  })
})

test('The last numbers are published before the end is told', async () => {
  const task = await started([{ kind: 'collect', name: 'all', limit: 10 }])
  task.reader.give(1, 2, 3)
  task.reader.end()
  await task.run()
  expect([task.chain.recordsFromSource(), task.chain.recordsToSinks(), task.numbersAtEnd]).toEqual([
    3,
    3,
    expect.objectContaining({ recordsIn: 3, recordsOut: 3 }),
  ])
})
