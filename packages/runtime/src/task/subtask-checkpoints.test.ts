import { describe, expect, test } from 'vitest'
import type { Sink } from '../connector/sink.ts'
import type { SourceSplit } from '../connector/source.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import { GivenReader, HandDrivenTask, macrotask } from './testing/hand-driven-task.ts'

const options = (checkpointId: number, stop: 'none' | 'suspend' | 'drain' = 'none') =>
  ({ checkpointId, timestampMs: 0, directory: undefined, inlineBytesMax: 0, stop }) as const

const identity: OperatorDefinition = { kind: 'identity' }

/** A reader whose one split is as far as it has emitted. */
class PositionReader extends GivenReader {
  emitted = 0

  override pollNext(output: Parameters<GivenReader['pollNext']>[0]) {
    const before = this.given.length
    const status = super.pollNext(output)
    this.emitted += before - this.given.length
    return status
  }

  snapshotState(checkpointId: number): readonly SourceSplit[] {
    this.calls.push(`snapshot ${checkpointId}`)
    return [{ splitId: `at ${this.emitted}` }]
  }
}

/** A sink that tells what is done to it, and does each thing when the test says so. */
class ToldSink {
  readonly calls: string[] = []
  readonly pending = new Map<string, PromiseWithResolvers<void>>()
  readonly slow: Set<string>

  constructor(...slow: readonly string[]) {
    this.slow = new Set(slow)
  }

  get definition(): OperatorDefinition {
    const sink: Sink<unknown> = {
      createWriter: () => ({
        write: (record) => void this.calls.push(`write ${record}`),
        flush: (atEnd) => this.#do(atEnd ? 'flush at the end' : 'flush'),
        prepareCommit: () => {
          this.calls.push('prepare')
          return [this.calls.length]
        },
      }),
      createCommitter: () => ({ commit: () => this.#do('commit') }),
    }
    return { kind: 'sink', sink }
  }

  #do(what: string): void | Promise<void> {
    this.calls.push(what)
    if (!this.slow.has(what)) return
    const pending = Promise.withResolvers<void>()
    this.pending.set(what, pending)
    return pending.promise
  }
}

describe('A checkpoint in a subtask', () => {
  test('divides the records before its barrier from those after it, and holds the position between them', async () => {
    const task = new HandDrivenTask([identity], new PositionReader())
    task.reader.give(1, 2)
    await task.run()
    task.subtask.triggerCheckpoint(options(1))
    task.reader.give(3)
    await task.run()
    expect(task.out).toEqual([1, 2, 'barrier 1', 3])
    expect(
      task.acknowledged.map(({ checkpointId, snapshot }) => [checkpointId, snapshot.operators[0]?.lists[0]?.itemCount]),
    ).toEqual([[1, 1]])
  })

  test('waits until nothing is paused in the chain', async () => {
    const counting: OperatorDefinition = {
      kind: 'flat-map',
      fn: function* (n) {
        for (let i = 0; i < 3; i++) yield `${n}.${i}`
      },
    }
    const task = new HandDrivenTask([counting], new PositionReader())
    task.capacity = 2
    void task.subtask.initialize()
    await macrotask()
    task.reader.give(1)
    task.subtask.visit()
    expect(task.out).toEqual(['1.0', '1.1'])
    task.subtask.triggerCheckpoint(options(1))
    task.subtask.visit()
    expect(task.out).toEqual(['1.0', '1.1', '1.2'])
    await task.run()
    expect(task.out).toEqual(['1.0', '1.1', '1.2', 'barrier 1'])
  })

  test('leaves to the one after it what was told between their triggers', async () => {
    const sink = new ToldSink('flush')
    const reader = new PositionReader()
    const task = new HandDrivenTask([sink.definition], reader)
    await task.run()
    task.subtask.triggerCheckpoint(options(1))
    task.subtask.source?.addSplits([{ splitId: 'between' }])
    task.subtask.triggerCheckpoint(options(2))
    task.subtask.triggerCheckpoint(options(3))
    task.subtask.source?.addSplits([{ splitId: 'late' }])
    task.subtask.abortCheckpoint(2)
    for (let taken = 0; taken < 2; taken++) {
      await task.run()
      sink.pending.get('flush')?.resolve()
      await macrotask()
    }
    await task.run()
    expect(reader.calls.filter((call) => /add|snapshot/.test(call))).toEqual([
      'snapshot 1',
      'addSplits between',
      'snapshot 3',
      'addSplits late',
    ])
  })

  test('belongs to splits that came before its trigger: later ones are told to the reader when it is taken', async () => {
    const sink = new ToldSink('flush')
    const reader = new PositionReader()
    const task = new HandDrivenTask([sink.definition], reader)
    await task.run()
    task.subtask.triggerCheckpoint(options(1))
    task.subtask.source?.addSplits([{ splitId: 'late' }])
    await task.run()
    expect(reader.calls.filter((call) => /add|snapshot/.test(call))).toEqual([])
    sink.pending.get('flush')?.resolve()
    await macrotask()
    await task.run()
    expect(reader.calls.filter((call) => /add|snapshot/.test(call))).toEqual(['snapshot 1', 'addSplits late'])
  })

  test('is preceded by a flush of the sink, during which no record comes', async () => {
    const sink = new ToldSink('flush')
    const task = new HandDrivenTask([sink.definition])
    task.reader.give('a')
    await task.run()
    task.subtask.triggerCheckpoint(options(1))
    task.reader.give('b')
    await task.run()
    expect([sink.calls, task.acknowledged]).toEqual([['write a', 'flush'], []])
    sink.pending.get('flush')?.resolve()
    await macrotask()
    await task.run()
    expect([sink.calls, task.acknowledged.length]).toEqual([['write a', 'flush', 'prepare', 'write b'], 1])
  })

  test('fails the subtask if an operator fails before its state is copied', async () => {
    const sink = new ToldSink('flush')
    const task = new HandDrivenTask([sink.definition])
    await task.run()
    task.subtask.triggerCheckpoint(options(1))
    await task.run()
    sink.pending.get('flush')?.reject(new Error('the disk is gone'))
    await macrotask()
    await task.run()
    expect(task.failure).toMatchObject({ operatorName: 'sink 1', error: { message: 'the disk is gone' } })
    expect(task.acknowledged).toEqual([])
  })

  test('is declined while the subtask does not run', async () => {
    const task = new HandDrivenTask([identity])
    task.subtask.triggerCheckpoint(options(1))
    expect(task.declined).toEqual([{ checkpointId: 1, message: 'the subtask is DEPLOYING' }])
  })

  test('that was given up before its turn is not taken', async () => {
    const task = new HandDrivenTask([identity])
    await task.run()
    task.subtask.triggerCheckpoint(options(1))
    task.subtask.abortCheckpoint(1)
    task.subtask.triggerCheckpoint(options(2))
    await task.run()
    expect([task.out, task.acknowledged.map(({ checkpointId }) => checkpointId)]).toEqual([['barrier 2'], [2]])
  })
})

describe('The end of a subtask whose output becomes visible with checkpoints', () => {
  const ended = async (sink: ToldSink): Promise<HandDrivenTask> => {
    const task = new HandDrivenTask([sink.definition], undefined, { checkpointingEnabled: true })
    task.reader.give('a')
    task.reader.end()
    await task.run()
    return task
  }

  test('waits for a checkpoint after its last record, and for its commit', async () => {
    const sink = new ToldSink('commit')
    const task = await ended(sink)
    expect([task.states.at(-1), task.awaitsFinalCheckpoint]).toEqual(['RUNNING', true])
    task.subtask.triggerCheckpoint(options(4))
    await task.run()
    expect([task.states.at(-1), task.acknowledged.length]).toEqual(['RUNNING', 1])
    expect(task.acknowledged[0]?.snapshot.operators.every(({ hasEndedInput }) => hasEndedInput)).toBe(true)
    task.subtask.notifyCheckpointComplete(4)
    await task.run()
    expect([task.states.at(-1), sink.calls.at(-1)]).toEqual(['RUNNING', 'commit'])
    sink.pending.get('commit')?.resolve()
    await macrotask()
    await task.run()
    expect(task.states.at(-1)).toBe('FINISHED')
  })

  test('waits for the next one if that fails', async () => {
    const sink = new ToldSink()
    const task = await ended(sink)
    task.subtask.triggerCheckpoint(options(4))
    await task.run()
    task.subtask.abortCheckpoint(4)
    await task.run()
    expect(task.states.at(-1)).toBe('RUNNING')
    task.subtask.triggerCheckpoint(options(5))
    await task.run()
    task.subtask.notifyCheckpointComplete(5)
    await task.run()
    expect([task.states.at(-1), sink.calls.filter((call) => call === 'commit').length]).toEqual(['FINISHED', 1])
  })

  test('waits no more if a later one is complete before it fails', async () => {
    const task = await ended(new ToldSink())
    for (const checkpointId of [4, 5]) {
      task.subtask.triggerCheckpoint(options(checkpointId))
      await task.run()
    }
    // Both come as one batch of mail, so that nothing happens between them.
    task.subtask.notifyCheckpointComplete(5)
    task.subtask.abortCheckpoint(4)
    await task.run()
    expect(task.states.at(-1)).toBe('FINISHED')
  })

  test('comes without a checkpoint where the job takes none', async () => {
    const sink = new ToldSink()
    const task = new HandDrivenTask([sink.definition])
    task.reader.give('a')
    task.reader.end()
    await task.run()
    expect([task.states.at(-1), sink.calls]).toEqual(['FINISHED', ['write a', 'flush at the end', 'prepare', 'commit']])
  })
})

describe('A source that is stopped', () => {
  test('emits nothing behind the savepoint, and ends when that is complete', async () => {
    const task = new HandDrivenTask([identity], new PositionReader())
    task.reader.give(1)
    await task.run()
    task.subtask.triggerCheckpoint(options(3, 'suspend'))
    task.reader.give(2)
    await task.run()
    expect([task.out, task.states.at(-1)]).toEqual([[1, 'barrier 3'], 'RUNNING'])
    task.subtask.notifyCheckpointComplete(3)
    await task.run()
    expect([task.out, task.states.at(-1)]).toEqual([[1, 'barrier 3'], 'FINISHED'])
  })

  test('does not send the end of its input before it is known whether that is to be one for those behind it', async () => {
    const ending = async (): Promise<HandDrivenTask> => {
      const task = new HandDrivenTask([new ToldSink().definition], new PositionReader(), { checkpointingEnabled: true })
      await task.run()
      task.reader.end()
      task.subtask.triggerCheckpoint(options(3, 'suspend'))
      task.bell.ring()
      await task.run()
      expect([task.states.at(-1), task.awaitsFinalCheckpoint]).toEqual(['RUNNING', false])
      return task
    }
    const stopped = await ending()
    stopped.subtask.notifyCheckpointComplete(3)
    await stopped.run()
    expect([stopped.states.at(-1), stopped.awaitsFinalCheckpoint]).toEqual(['FINISHED', false])
    const goesOn = await ending()
    goesOn.subtask.abortCheckpoint(3)
    goesOn.bell.ring()
    await goesOn.run()
    expect([goesOn.states.at(-1), goesOn.awaitsFinalCheckpoint]).toEqual(['RUNNING', true])
  })

  test('goes on if the savepoint fails', async () => {
    const task = new HandDrivenTask([identity], new PositionReader())
    await task.run()
    task.subtask.triggerCheckpoint(options(3, 'suspend'))
    task.reader.give(2)
    await task.run()
    task.subtask.abortCheckpoint(3)
    task.subtask.source?.addSplits([])
    await task.run()
    expect([task.out, task.states.at(-1)]).toEqual([['barrier 3', 2], 'RUNNING'])
  })

  test('has its operators emit what they hold back first, if it is drained', async () => {
    const holdingBack: OperatorDefinition = {
      kind: 'flat-map',
      fn: { flatMap: () => {}, endInput: (out) => out.collect('the rest') },
    }
    const task = new HandDrivenTask([holdingBack], new PositionReader())
    await task.run()
    task.subtask.triggerCheckpoint(options(3, 'drain'))
    await task.run()
    expect(task.out).toEqual(['the rest', 'barrier 3'])
    task.subtask.notifyCheckpointComplete(3)
    await task.run()
    expect([task.out, task.states.at(-1)]).toEqual([['the rest', 'barrier 3'], 'FINISHED'])
  })
})
