import { describe, expect, test } from 'vitest'
import type { Committer, Sink, SinkWriter } from '../connector/sink.ts'
import type { ListStateBytes } from '../snapshot/state-bytes.ts'
import { HeapOperatorStateBackend } from '../state/heap-operator-state-backend.ts'
import { HandDrivenTask, macrotask } from '../task/testing/hand-driven-task.ts'
import { AwaitedWrites } from './awaited-writes.ts'
import type { OperatorContext } from './generated-operator.ts'
import { SinkOperator } from './sink-operator.ts'

/** A sink that notes what is asked of it, and commits what was written since the checkpoint before. */
class NotingSink implements Sink<unknown> {
  readonly calls: string[] = []
  /** Commits wait for the test. */
  readonly commits: PromiseWithResolvers<void>[] = []
  commitsWait = false
  #unflushed: unknown[] = []

  createWriter(): SinkWriter<unknown> {
    return this.#writer('create')
  }

  restoreWriter(_: unknown, states: readonly unknown[]): SinkWriter<unknown> {
    return this.#writer(`restore ${JSON.stringify(states)}`)
  }

  createCommitter(): Committer {
    return {
      commit: (committables) => {
        this.calls.push(`commit ${committables.join()}`)
        if (!this.commitsWait) return
        const commit = Promise.withResolvers<void>()
        this.commits.push(commit)
        return commit.promise
      },
      close: () => void this.calls.push('close committer'),
    }
  }

  #writer(call: string): SinkWriter<unknown> {
    this.calls.push(call)
    return {
      write: (record) => {
        this.#unflushed.push(record)
      },
      flush: async (endOfInput) => {
        await undefined
        this.calls.push(`flush ${endOfInput}`)
      },
      prepareCommit: () => this.#unflushed.splice(0),
      snapshotState: (checkpointId) => [`state ${checkpointId}`],
      close: () => void this.calls.push('close writer'),
    }
  }
}

const checkpoint = (checkpointId: number) =>
  ({ checkpointId, timestampMs: 0, directory: undefined, inlineBytesMax: 0, stop: 'none' }) as const

/** Takes a checkpoint with these records before it. */
async function take(task: HandDrivenTask, checkpointId: number, ...records: readonly unknown[]): Promise<void> {
  task.reader.give(...records)
  await task.run()
  task.subtask.triggerCheckpoint(checkpoint(checkpointId))
  task.bell.ring()
  await task.run()
}

async function complete(task: HandDrivenTask, checkpointId: number): Promise<void> {
  task.subtask.notifyCheckpointComplete(checkpointId)
  await task.run()
}

const sinkOf = (sink: Sink<unknown>) => ({ kind: 'sink', sink }) as const

describe('A sink that commits', () => {
  test('flushes and prepares before a checkpoint, and commits when it is complete, with all before it', async () => {
    const sink = new NotingSink()
    const task = new HandDrivenTask([sinkOf(sink)], undefined, { checkpointingEnabled: true })
    await take(task, 1, 'a', 'b')
    await take(task, 2, 'c')
    await take(task, 3, 'd')
    expect(sink.calls).toEqual(['create', 'flush false', 'flush false', 'flush false'])
    await complete(task, 2)
    expect(sink.calls.slice(4)).toEqual(['commit a,b', 'commit c'])
    await complete(task, 3)
    expect(sink.calls.slice(6)).toEqual(['commit d'])
    expect(task.failure).toBeUndefined()
  })

  test('at the end of its input waits for a last checkpoint', async () => {
    const sink = new NotingSink()
    const task = new HandDrivenTask([sinkOf(sink)], undefined, { checkpointingEnabled: true })
    await take(task, 1, 'a')
    task.reader.give('b')
    task.reader.end()
    await task.run()
    expect([task.subtask.isEnded, task.awaitsFinalCheckpoint]).toEqual([false, true])
    await take(task, 2)
    await complete(task, 2)
    expect(sink.calls).toEqual([
      'create',
      'flush false',
      'flush true',
      'commit a',
      'commit b',
      'close writer',
      'close committer',
    ])
    expect(task.states.at(-1)).toBe('FINISHED')
  })

  test('commits at the end of its input if the job takes no checkpoints', async () => {
    const sink = new NotingSink()
    const task = new HandDrivenTask([sinkOf(sink)])
    task.reader.give('a', 'b')
    task.reader.end()
    await task.run()
    expect(sink.calls).toEqual(['create', 'flush true', 'commit a,b', 'close writer', 'close committer'])
  })

  test('has one commit under way at a time, and ends only after it', async () => {
    const sink = new NotingSink()
    sink.commitsWait = true
    const task = new HandDrivenTask([sinkOf(sink)], undefined, { checkpointingEnabled: true })
    await take(task, 1, 'a')
    await take(task, 2, 'b')
    await complete(task, 1)
    await complete(task, 2)
    expect(sink.calls.slice(3)).toEqual(['commit a'])
    sink.commits[0]!.resolve()
    await task.run()
    expect(sink.calls.slice(4)).toEqual(['commit b'])
    const canceled = task.subtask.cancel()
    await macrotask()
    expect(sink.calls.slice(5)).toEqual([])
    sink.commits[1]!.resolve()
    await canceled
    expect(sink.calls.slice(5)).toEqual(['close writer', 'close committer'])
  })

  test('fails its operator when a commit fails, and does not go on', async () => {
    const sink = new NotingSink()
    sink.commitsWait = true
    const task = new HandDrivenTask([sinkOf(sink)], undefined, { checkpointingEnabled: true })
    await take(task, 1, 'a')
    await take(task, 2, 'b')
    await complete(task, 2)
    sink.commits[0]!.reject(new Error('no space'))
    await task.run()
    expect([task.failure?.operatorName, task.failure?.error.message]).toEqual(['sink 1', 'no space'])
    expect(sink.calls.filter((call) => call.startsWith('commit'))).toEqual(['commit a'])
  })

  test('needs a committer if its writer prepares commits', async () => {
    const sink: Sink<unknown> = { createWriter: () => ({ write: () => {}, prepareCommit: () => [] }) }
    const task = new HandDrivenTask([sinkOf(sink)])
    await task.run()
    expect(task.failure?.error.message).toContain('createCommitter()')
  })
})

describe('A sink that is restored', () => {
  const backend = () => new HeapOperatorStateBackend({ operatorName: 'Sink', registry: undefined })
  const contextOf = (operator: HeapOperatorStateBackend) =>
    ({
      taskInfo: { name: 'Sink', index: 0, parallelism: 1, maxParallelism: 128, attempt: 0 },
      states: { keyed: undefined, operator, restoredCheckpointId: 1 },
      checkpointingEnabled: true,
    }) as unknown as OperatorContext

  /** What a sink leaves in the snapshot of checkpoint 2, with checkpoint 1 not complete. */
  async function leftBehind(): Promise<readonly ListStateBytes[]> {
    const sink = new NotingSink()
    const states = backend()
    const operator = new SinkOperator(sink, new AwaitedWrites())
    await operator.open(contextOf(states))
    for (const [checkpointId, record] of [
      [1, 'a'],
      [2, 'b'],
    ] as const) {
      await operator.writer?.write(record)
      await operator.prepareSnapshot(checkpointId)
      await operator.snapshotState(checkpointId)
    }
    return states.snapshot()
  }

  async function restored(sink: Sink<unknown>): Promise<SinkOperator> {
    const states = backend()
    const lists = await leftBehind()
    const shares = lists.map(({ name, mode, type, isDeclared, items }) => ({
      handle: {
        name,
        mode,
        type,
        isDeclared,
        location: { kind: 'inline', bytes: new Uint8Array() },
        block: { offset: 0, length: 0, checksum: 0 },
        itemCount: items.length,
      } as const,
      first: 0,
      step: 1,
    }))
    await states.restore(shares, async ({ handle }) => lists.find(({ name }) => name === handle.name)!.items)
    const operator = new SinkOperator(sink, new AwaitedWrites())
    await operator.open(contextOf(states))
    return operator
  }

  test('commits what was prepared before it writes, once, and gives the writer its state', async () => {
    const sink = new NotingSink()
    const operator = await restored(sink)
    expect(sink.calls).toEqual(['commit a', 'commit b', 'restore ["state 2"]'])
    await operator.notifyCheckpointComplete(3)
    expect(sink.calls).toHaveLength(3)
  })

  test('says so if nothing takes the state of its writer', async () => {
    const sink: Sink<unknown> = { createWriter: () => ({ write: () => {} }) }
    await expect(restored(sink)).rejects.toThrow('the sink has no restoreWriter() to take it')
  })
})
