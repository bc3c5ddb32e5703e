import { describe, expect, test } from 'vitest'
import type { ValueState } from '../state/state.ts'
import { ListStateDescriptor, ValueStateDescriptor } from '../state/state-descriptor.ts'
import { HandDrivenTask } from '../task/testing/hand-driven-task.ts'
import { FunctionContext } from './function-context.ts'
import type { Collector } from './functions.ts'
import type { OperatorContext } from './generated-operator.ts'
import type { KeyedProcessContext, KeyedProcessFunction, OnTimerContext } from './keyed-process-function.ts'
import type { OperatorDefinition } from './operator.ts'
import type { RuntimeContext } from './runtime-context.ts'

type Fn = KeyedProcessFunction<string, string, unknown>

/** On texts, keyed by their first letter. */
const firstLetter = (text: unknown) => String(text).charAt(0)
const keyed = (fn: Fn): OperatorDefinition => ({
  kind: 'process',
  fn: fn as KeyedProcessFunction<unknown, unknown, unknown>,
  keySelector: firstLetter,
})

async function result(operators: readonly OperatorDefinition[], ...records: readonly unknown[]): Promise<unknown> {
  const task = new HandDrivenTask(operators)
  task.reader.give(...records)
  task.reader.end()
  await task.run()
  return outcomeOf(task)
}

function outcomeOf({ failure, out }: HandDrivenTask): unknown {
  return failure === undefined ? out : [failure.operatorName, failure.recordPreview, failure.error.message]
}

/** A task whose clock the test moves. */
class TimedTask extends HandDrivenTask {
  readonly #startMs = this.clock.monotonicMs()

  async give(...records: readonly string[]): Promise<unknown> {
    this.reader.give(...records)
    return this.after(0)
  }

  /** What there is when so many milliseconds have passed since the start, and a slot has visited the task as it wanted. */
  async after(delayMs: number): Promise<unknown> {
    const nowMs = this.#startMs + delayMs
    if (nowMs > this.clock.monotonicMs()) this.clock.advanceTo(nowMs)
    do {
      this.bell.ring()
      await this.run()
    } while (this.subtask.flushDue(nowMs) <= nowMs)
    return outcomeOf(this)
  }
}

const fires = (timestampMs: number, context: OnTimerContext<string>, out: Collector<unknown>) =>
  out.collect(`${context.getCurrentKey()} at ${timestampMs}`)

/** Registers the timer that a record asks for: `a+20` relative to the start. */
function timersAt(startMs: number, onTimer: NonNullable<Fn['onTimer']> = fires): Fn {
  return {
    processElement(text, context) {
      const timers = context.timerService()
      const timestampMs = startMs + Number(text.slice(2))
      if (text[1] === '+') timers.registerProcessingTimeTimer(timestampMs)
      else timers.deleteProcessingTimeTimer(timestampMs)
    },
    onTimer,
  }
}

describe('A keyed process function', () => {
  test('sees the key of each record, also as a plain function', async () => {
    const fn = (text: unknown, context: unknown) => [
      `${(context as KeyedProcessContext<string>).getCurrentKey()}/${text}`,
    ]
    const out = await result([{ kind: 'process', fn, keySelector: firstLetter }], 'ann', 'bob')
    expect(out).toEqual(['a/ann', 'b/bob'])
  })

  test('keeps state by key, in each of its records and while it is paused', async () => {
    class Counting implements Fn {
      #count!: ValueState<number>
      open(context: RuntimeContext) {
        this.#count = context.getState(new ValueStateDescriptor<number>('count'))
      }
      *processElement(text: string) {
        for (let n = 0; n < 2; n++) {
          this.#count.update((this.#count.value() ?? 0) + 1)
          yield `${text} ${this.#count.value()}`
        }
      }
    }
    const task = new TimedTask([keyed(new Counting())])
    // After each record there is no more room until the next visit.
    task.capacity = 1
    expect(await task.give('a1', 'b1', 'a2')).toEqual(['a1 1', 'a1 2', 'b1 1', 'b1 2', 'a2 3', 'a2 4'])
  })

  test('fails with the record if it has no key', async () => {
    const operator: OperatorDefinition = { kind: 'process', fn: () => [], keySelector: () => undefined }
    expect(await result([operator], 'a')).toEqual(['process 1', '"a"', expect.stringMatching(/key/i)])
  })

  test.each<[string, Fn]>([
    ['open', { open: (context) => countOf(context).update(1), processElement: () => [] }],
    ['endInput', withCount((count) => ({ processElement: () => [], endInput: () => count().update(1) }))],
  ])('has no key in %s', async (_, fn) => {
    expect(await result([keyed(fn)], 'a')).toEqual(['process 1', undefined, expect.stringContaining('key')])
  })

  test('cannot have two states of one name and different kinds', async () => {
    const fn: Fn = {
      open(context) {
        countOf(context)
        context.getListState(new ListStateDescriptor<number>('count'))
      },
      processElement: () => [],
    }
    expect(await result([keyed(fn)], 'a')).toEqual(['process 1', undefined, expect.stringContaining('"count"')])
  })
})

describe('Timers', () => {
  test('fire when they are due, in order of time, once for each key and timestamp', async () => {
    const start = new TimedTask([]).clock.now()
    const task = new TimedTask([keyed(timersAt(start))])
    expect(await task.give('a+30', 'b+20', 'a+10', 'a+10', 'b+40', 'b-40')).toEqual([])
    expect(await task.after(9)).toEqual([])
    const fired = [`a at ${start + 10}`, `b at ${start + 20}`]
    expect(await task.after(20)).toEqual(fired)
    expect(await task.after(100)).toEqual([...fired, `a at ${start + 30}`])
  })

  test('that lie in the past fire at once, and may register others', async () => {
    let left = 1_000
    const fn = timersAt(0, (timestampMs, context, out) => {
      if (left-- > 0) context.timerService().registerProcessingTimeTimer(timestampMs + 1)
      else out.collect(context.timestamp())
    })
    const task = new TimedTask([keyed(fn)])
    expect(await task.give('a+1')).toEqual([1_001])
  })

  test('are paused between two values, and no other timer or record comes in between', async () => {
    const fn = timersAt(0, function* (timestampMs, context) {
      yield `${context.getCurrentKey()}1 ${timestampMs === context.timestamp()}`
      yield `${context.getCurrentKey()}2 ${timestampMs === context.timestamp()}`
    })
    const task = new TimedTask([keyed(fn)])
    task.capacity = 1
    expect(await task.give('a+1', 'b+2')).toEqual(['a1 true', 'a2 true', 'b1 true', 'b2 true'])
  })

  test('fail with the operator, its key and its time, and may not return a promise', async () => {
    const failing = timersAt(0, () => {
      throw new Error('rotten')
    })
    expect(await new TimedTask([keyed(failing)]).give('a+1')).toEqual(['process 1', '{key: "a", timer: 1}', 'rotten'])
    const promising = timersAt(0, () => Promise.resolve() as never)
    expect(await new TimedTask([keyed(promising)]).give('a+1')).toEqual([
      'process 1',
      '{key: "a", timer: 1}',
      expect.stringContaining('returned a promise'),
    ])
    expect(await new TimedTask([keyed(timersAt(0))]).give('a+never')).toEqual([
      'process 1',
      '"a+never"',
      expect.stringContaining('NaN'),
    ])
  })
})

describe('State of other functions', () => {
  test('is by key in map, filter, flatMap and reduce on a keyed stream', async () => {
    const seen = withCount((count) => ({
      map: (text: string) => {
        count().update((count().value() ?? 0) + 1)
        return `${text}${count().value()}`
      },
      filter: (text: string) => {
        count().update((count().value() ?? 0) + 1)
        return text !== 'a2' || count().value() === 2
      },
      flatMap: (text: string) => {
        count().update((count().value() ?? 0) + 1)
        return [`${text}${count().value()}`]
      },
      reduce: (a: string) => {
        count().update((count().value() ?? 0) + 1)
        return `${a}${count().value()}`
      },
    })) as never
    const keySelector = firstLetter
    const records = ['a', 'b', 'a']
    expect(await result([{ kind: 'map', fn: seen, keySelector }], ...records)).toEqual(['a1', 'b1', 'a2'])
    expect(await result([{ kind: 'filter', fn: seen, keySelector }], ...records)).toEqual(records)
    expect(await result([{ kind: 'flat-map', fn: seen, keySelector }], ...records)).toEqual(['a1', 'b1', 'a2'])
    expect(await result([{ kind: 'reduce', fn: seen, keySelector }], ...records, 'a')).toEqual(['a', 'b', 'a1', 'a12'])
  })

  test('cannot be had where there is no key', () => {
    const states = { keyed: undefined, operator: {} as never, restoredCheckpointId: undefined }
    const taskInfo = { name: 'Map', index: 0, parallelism: 1, maxParallelism: 128, attempt: 0 }
    const context = new FunctionContext({ states, taskInfo } as unknown as OperatorContext)
    expect(() => countOf(context)).toThrow(
      'Cannot get the keyed state "count" in the operator "Map": its stream has no key. Call keyBy before the operator',
    )
  })
})

function countOf(context: RuntimeContext): ValueState<number> {
  return context.getState(new ValueStateDescriptor<number>('count'))
}

/** A function that gets its state when it is opened. */
function withCount<F extends object>(
  functionOf: (count: () => ValueState<number>) => F,
): F & { open(context: RuntimeContext): void } {
  let count: ValueState<number>
  return {
    open(context: RuntimeContext) {
      count = countOf(context)
    },
    ...functionOf(() => count),
  }
}
