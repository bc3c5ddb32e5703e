import { describe, expect, test } from 'vitest'
import type { RichFlatMapFunction, RichMapFunction } from '../operators/functions.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import { OperatorFailure } from '../operators/operator-failure.ts'
import { OutputTag } from '../operators/output-tag.ts'
import { HandDrivenTask } from './testing/hand-driven-task.ts'

/** What comes out of a chain for these records; a failure as operator, record and cause. */
async function result(operators: readonly OperatorDefinition[], ...records: readonly unknown[]): Promise<unknown> {
  const task = new HandDrivenTask(operators)
  task.reader.give(...records)
  task.reader.end()
  await task.run()
  const { failure } = task
  if (failure === undefined) return task.out
  return [failure.operatorName, failure.recordPreview, failure.error.message]
}

const id = (value: unknown) => value

describe('A chain', () => {
  test('calls one operator after the other for each record', async () => {
    const order: unknown[] = []
    const note = (name: string) => (n: unknown) => {
      order.push(`${name}${n}`)
      return n
    }
    const out = await result(
      [
        { kind: 'map', fn: note('a') },
        { kind: 'flat-map', fn: (n) => [n, note('b')(n)] },
        { kind: 'filter', fn: (n) => note('c')(n) !== 2 },
      ],
      1,
      2,
      3,
    )
    expect(out).toEqual([1, 1, 3, 3])
    expect(order).toEqual(['a1', 'b1', 'c1', 'c1', 'a2', 'b2', 'c2', 'c2', 'a3', 'b3', 'c3', 'c3'])
  })

  test('takes records of every kind, undefined and null among them', async () => {
    const records = [undefined, null, 0, -0, Number.NaN, '', {}, 7n]
    expect(await result([{ kind: 'map', fn: id }, { kind: 'identity' }], ...records)).toEqual(records)
  })

  test('hands a record to all sinks of the last operator', async () => {
    const seen: unknown[] = []
    const sink = (name: string): OperatorDefinition => ({
      kind: 'sink',
      sink: { createWriter: () => ({ write: (record) => void seen.push([name, record]) }) },
    })
    const task = new HandDrivenTask([
      { kind: 'map', fn: (n) => Number(n) * 2 },
      sink('first'),
      sink('second'),
      { kind: 'collect', name: 'all', limit: 9 },
    ])
    task.reader.give(1, 2)
    task.reader.end()
    await task.run()
    expect(seen).toEqual([
      ['first', 2],
      ['second', 2],
      ['first', 4],
      ['second', 4],
    ])
    expect([task.collected, task.chain.recordsToSinks()]).toEqual([[2, 4], 6])
  })

  test('of two hundred operators works', async () => {
    const operators = Array.from({ length: 200 }, (): OperatorDefinition => ({ kind: 'map', fn: (n) => Number(n) + 1 }))
    expect(await result(operators, 0, 1)).toEqual([200, 201])
  })

  test('takes a side output that nobody reads for nothing', async () => {
    const tag = new OutputTag<unknown>('unread')
    expect(await result([{ kind: 'process', fn: (n, context) => context.output(tag, n) }], 1, 2)).toEqual([])
  })
})

describe('A rich function', () => {
  test('may be an object literal, and finds itself as this', async () => {
    const literal: RichMapFunction<unknown, unknown> & { factor: number } = {
      factor: 0,
      open() {
        this.factor = 10
      },
      map(n) {
        return Number(n) * this.factor
      },
    }
    expect(await result([{ kind: 'map', fn: literal }], 1, 2)).toEqual([10, 20])
  })

  test('may inherit what it does', async () => {
    class Counting {
      count = 0
      open() {
        this.count = 100
      }
      *endInput() {
        yield `${this.count} in all`
      }
    }
    class Numbered extends Counting implements RichFlatMapFunction<unknown, unknown> {
      flatMap(value: unknown) {
        return [[++this.count, value]]
      }
    }
    expect(await result([{ kind: 'flat-map', fn: new Numbered() }], 'a', 'b')).toEqual([
      [101, 'a'],
      [102, 'b'],
      '102 in all',
    ])
  })

  test('that maps may still emit at the end of input, as a generator or by collecting', async () => {
    const yields = {
      map: id,
      *endInput() {
        yield 'yielded'
      },
    }
    const collects = {
      filter: () => true,
      endInput: (out: { collect(text: string): void }) => out.collect('collected'),
    }
    const operators: OperatorDefinition[] = [
      { kind: 'map', fn: yields },
      { kind: 'filter', fn: collects },
    ]
    expect(await result(operators, 1)).toEqual([1, 'yielded', 'collected'])
  })

  test('gets the context of its own operator', async () => {
    const names: string[] = []
    const naming = (): OperatorDefinition => ({
      kind: 'map',
      fn: { map: id, open: ({ taskInfo }) => void names.push(taskInfo.name) },
    })
    await result([naming(), naming()])
    // The last is opened first.
    expect(names).toEqual(['map 2', 'map 1'])
  })
})

describe('A failure names operator, record and cause', () => {
  const fails = () => {
    throw new Error('no')
  }
  test.each<[string, OperatorDefinition, unknown]>([
    ['map', { kind: 'map', fn: fails }, ['map 1', '7', 'no']],
    ['filter', { kind: 'filter', fn: fails }, ['filter 1', '7', 'no']],
    ['flatMap', { kind: 'flat-map', fn: fails }, ['flat-map 1', '7', 'no']],
    [
      'a generator',
      {
        kind: 'flat-map',
        fn: function* () {
          yield 1
          fails()
        },
      },
      ['flat-map 1', '7', 'no'],
    ],
    ['process', { kind: 'process', fn: fails }, ['process 1', '7', 'no']],
    ['a key selector', { kind: 'reduce', fn: id, keySelector: fails }, ['reduce 1', '7', 'no']],
    ['open', { kind: 'map', fn: { map: id, open: fails } }, ['map 1', undefined, 'no']],
    ['an async open', { kind: 'map', fn: { map: id, open: async () => fails() } }, ['map 1', undefined, 'no']],
    ['close', { kind: 'map', fn: { map: id, close: fails } }, ['map 1', undefined, 'no']],
    ['endInput', { kind: 'flat-map', fn: { flatMap: () => {}, endInput: fails } }, ['flat-map 1', undefined, 'no']],
    [
      'a generator at the end of input',
      {
        kind: 'flat-map',
        fn: {
          flatMap: () => {},
          // biome-ignore lint/correctness/useYield: it fails before it yields.
          *endInput() {
            fails()
          },
        },
      },
      ['flat-map 1', undefined, 'no'],
    ],
    ['createWriter', { kind: 'sink', sink: { createWriter: fails } }, ['sink 1', undefined, 'no']],
    ['write', { kind: 'sink', sink: { createWriter: () => ({ write: fails }) } }, ['sink 1', '7', 'no']],
    [
      'an async write',
      { kind: 'sink', sink: { createWriter: () => ({ write: async () => fails() }) } },
      ['sink 1', '7', 'no'],
    ],
    [
      'flush',
      { kind: 'sink', sink: { createWriter: () => ({ write: () => {}, flush: async () => fails() }) } },
      ['sink 1', undefined, 'no'],
    ],
  ])('in %s', async (_, operator, failure) => {
    expect(await result([operator], 7)).toEqual(failure)
  })

  test('though the function before it swallows it', async () => {
    const swallows: OperatorDefinition = {
      kind: 'flat-map',
      fn: (n, out) => {
        try {
          out.collect(n)
        } catch {
          // A user's mistake.
        }
      },
    }
    expect(await result([swallows, { kind: 'map', fn: fails }], 7)).toEqual(['map 2', '7', 'no'])
  })

  test('also if the record cannot leave the chain: that is the doing of its last operator', async () => {
    const task = new HandDrivenTask([
      { kind: 'flat-map', fn: (n, out) => out.collect([n]) },
      { kind: 'map', fn: id },
    ])
    task.out.push = fails
    task.reader.give(7)
    await task.run()
    expect(task.failure).toMatchObject({ operatorName: 'map 2', recordPreview: '[7]', error: { message: 'no' } })
  })

  test.each<[string, OperatorDefinition]>([
    ['map', { kind: 'map', fn: async (n) => n }],
    ['filter', { kind: 'filter', fn: (async () => true) as never }],
    ['flatMap', { kind: 'flat-map', fn: (async () => {}) as never }],
    ['reduce', { kind: 'reduce', fn: async (a) => a, keySelector: () => 1 }],
    ['endInput', { kind: 'flat-map', fn: { flatMap: () => {}, endInput: (async () => {}) as never } }],
  ])('of %s that returns a promise, with a pointer to async operators', async (_, operator) => {
    expect(await result([operator], 7, 8)).toContainEqual(expect.stringMatching(/returned a promise.*async operator/))
  })
})

describe('A collector that outlives its call', () => {
  const holder: { collect(value: unknown): void } = { collect: () => {} }
  const keeps: OperatorDefinition = {
    kind: 'flat-map',
    fn: (_, out) => {
      holder.collect = (value) => out.collect(value)
    },
  }

  test('still serves while the task runs', async () => {
    const task = new HandDrivenTask([keeps])
    task.reader.give(1)
    await task.run()
    holder.collect('late')
    expect(task.out).toEqual(['late'])
  })

  test('refuses records when the task has ended, and harms nothing', async () => {
    const task = new HandDrivenTask([keeps, { kind: 'map', fn: id }])
    task.reader.give(1)
    task.reader.end()
    await task.run()
    expect(() => holder.collect('too late')).toThrow(OperatorFailure)
    expect(() => holder.collect('too late')).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'COLLECTED_TOO_LATE' }) }),
    )
    expect([task.out, task.subtask.state]).toEqual([[], 'FINISHED'])
  })

  test('fails the task if what it collects fails, although no visit is under way', async () => {
    const task = new HandDrivenTask([
      keeps,
      {
        kind: 'map',
        fn: () => {
          throw new Error('no')
        },
      },
    ])
    task.reader.give(1)
    await task.run()
    expect(() => holder.collect('late')).toThrow(OperatorFailure)
    await task.run()
    expect(task.failure).toMatchObject({ operatorName: 'map 2', recordPreview: '"late"' })
  })

  test('refuses side outputs, too', async () => {
    const tag = new OutputTag<unknown>('tag')
    let late = () => {}
    const task = new HandDrivenTask([
      {
        kind: 'process',
        fn: (n, context) => {
          late = () => context.output(tag, n)
        },
      },
    ])
    task.reader.give(1)
    task.reader.end()
    await task.run()
    expect(late).toThrow(expect.objectContaining({ cause: expect.objectContaining({ code: 'COLLECTED_TOO_LATE' }) }))
  })
})

test('A function that collects does not overtake the generator that it returned for the record before', async () => {
  const task = new HandDrivenTask([
    {
      kind: 'flat-map',
      fn: (n, out) => {
        for (const each of [1, 2, 3, 4]) out.collect(Number(n) * 10 + each)
      },
    },
    {
      kind: 'flat-map',
      fn: (n, out) => {
        if (Number(n) % 2 === 0) out.collect(n)
        else return [n, -Number(n)]
      },
    },
  ])
  task.capacity = 1
  task.reader.give(1, 2)
  task.reader.end()
  for (let room = 1; room < 50; room++) {
    task.capacity = room
    await task.run()
  }
  expect(task.out).toEqual([11, -11, 12, 13, -13, 14, 21, -21, 22, 23, -23, 24])
})
