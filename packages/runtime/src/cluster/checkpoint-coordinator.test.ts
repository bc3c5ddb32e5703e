import { describe, expect, test } from 'vitest'
import { readSnapshot } from '../snapshot/open-snapshot.ts'
import { at, CheckpointWorld, JOB_DIRECTORY, outcomeOf } from './testing/checkpoint-world.ts'
import { smallJobGraph } from './testing/small-job-graph.ts'

const ALL_TOLD = (checkpointId: number) => [
  `hold ${checkpointId}`,
  `trigger ${checkpointId} at 0/0 0/1`,
  'release',
  `complete ${checkpointId}`,
]

describe('A checkpoint', () => {
  test('is triggered at the sources, acknowledged by all, published, and only then told to everyone', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    expect(world.told()).toEqual(['hold 1', 'trigger 1 at 0/0 0/1', 'release'])
    expect(world.attempt.triggered).toEqual([
      {
        checkpointId: 1,
        timestampMs: world.clock.now(),
        directory: `${JOB_DIRECTORY}/chk-1`,
        inlineBytesMax: 1_024,
        stop: 'none',
      },
    ])
    const publishing = Promise.withResolvers<void>()
    world.storage.before = (operation) => (operation === 'publish' ? publishing.promise : undefined)
    await world.acknowledgeAll(1)
    expect([world.told(), world.coordinator.latest()]).toEqual([[], undefined])
    publishing.resolve()
    await world.settle()
    expect(world.told()).toEqual(['complete 1'])
    expect(world.coordinator.latest()).toMatchObject({
      path: `${JOB_DIRECTORY}/chk-1`,
      metadata: { kind: 'checkpoint', checkpointId: 1 },
    })
    expect(world.storage.log).toEqual([
      `makeDirectory ${JOB_DIRECTORY}/chk-1`,
      `publish ${JOB_DIRECTORY}/chk-1/_metadata`,
    ])
  })

  test('consists of every operator in graph order, with what enumerators keep and what subtasks acknowledged', async () => {
    const world = CheckpointWorld.running()
    world.attempt.onSnapshotEnumerators = async () => new Map([['1'.repeat(32), Uint8Array.of(7)]])
    await world.pass(100)
    world.acknowledge(1, at(1, 1), { hasEndedInput: true })
    world.enter(at(0, 0), 'RUNNING')
    await world.acknowledgeAll(1)
    const state = { isFinished: false, hasEndedInput: false, keyed: undefined, lists: [] }
    const { metadata } = world.coordinator.latest()!
    expect(metadata).toEqual({
      kind: 'checkpoint',
      checkpointId: 1,
      timestampMs: world.clock.now(),
      jobId: 'abcdef0123456789abcdef0123456789',
      jobName: 'small',
      operators: [
        {
          operatorId: '1'.repeat(32),
          uid: 'source',
          name: 'Source',
          parallelism: 2,
          maxParallelism: 128,
          coordinator: Uint8Array.of(7),
          subtasks: [state, state],
        },
        {
          operatorId: '2'.repeat(32),
          uid: 'sink',
          name: 'Sink',
          parallelism: 2,
          maxParallelism: 128,
          coordinator: undefined,
          subtasks: [state, { ...state, hasEndedInput: true }],
        },
      ],
    })
    expect((await readSnapshot(world.storage, `${JOB_DIRECTORY}/chk-1`)).metadata).toEqual(metadata)
  })

  test('is kept in memory where there is no directory', async () => {
    const world = CheckpointWorld.running({ directory: undefined })
    await world.pass(100)
    await world.acknowledgeAll(1)
    expect(world.coordinator.latest()).toMatchObject({ path: undefined, metadata: { checkpointId: 1 } })
    expect([world.attempt.triggered[0]?.directory, world.storage.log]).toEqual([undefined, []])
  })

  test('begins after its interval, from the start of one to the start of the next', async () => {
    const world = CheckpointWorld.running()
    await world.pass(99)
    expect(world.told()).toEqual([])
    await world.pass(1)
    await world.pass(60)
    await world.acknowledgeAll(1)
    expect(world.told()).toEqual(ALL_TOLD(1))
    await world.pass(39)
    expect(world.told()).toEqual([])
    await world.pass(1)
    await world.acknowledgeAll(2)
    expect(world.told()).toEqual(ALL_TOLD(2))
  })

  test('waits for the one before, and then begins at once', async () => {
    const world = CheckpointWorld.running()
    await world.pass(250)
    expect(world.told()).toEqual(ALL_TOLD(1).slice(0, 3))
    await world.acknowledgeAll(1)
    expect(world.told()).toEqual(['complete 1', ...ALL_TOLD(2).slice(0, 3)])
  })

  test('begins not before the pause after the end of the last one', async () => {
    const world = CheckpointWorld.running({ minPauseMs: 80 })
    await world.pass(150)
    await world.acknowledgeAll(1)
    await world.pass(79)
    expect(world.told()).toEqual(ALL_TOLD(1))
    await world.pass(1)
    expect(world.told()).toEqual(ALL_TOLD(2).slice(0, 3))
  })

  test('may overlap with others, as many as are allowed; a later one that is complete supersedes an earlier', async () => {
    const world = CheckpointWorld.running({ maxConcurrent: 2 })
    await world.pass(350)
    expect(world.attempt.triggered.map(({ checkpointId }) => checkpointId)).toEqual([1, 2])
    world.told()
    await world.acknowledgeAll(2)
    expect(world.told()).toEqual(['complete 2', 'abort 1', 'hold 3', 'trigger 3 at 0/0 0/1', 'release'])
    await world.acknowledgeAll(1)
    expect(world.coordinator.latest()?.metadata.checkpointId).toBe(2)
    expect(world.coordinator.statistics().latestFailed?.failureMessage).toBe('checkpoint 2 was complete before it')
    expect(world.attempt.failure).toBeUndefined()
  })

  test('is not taken while a subtask is neither running nor finished', async () => {
    const world = CheckpointWorld.running()
    world.attempt.set(at(1, 0), 'CANCELING')
    await world.pass(300)
    expect([world.told(), world.coordinator.statistics().counts.total]).toEqual([[], 0])
    world.attempt.set(at(1, 0), 'RUNNING')
    await world.pass(100)
    expect(world.told()).toEqual(ALL_TOLD(1).slice(0, 3))
  })

  test('is not taken by itself without an interval, but on request', async () => {
    const world = CheckpointWorld.running({ intervalMs: undefined })
    await world.pass(10_000)
    expect([world.told(), world.clock.nextDueMs()]).toEqual([[], Number.POSITIVE_INFINITY])
    const taken = world.coordinator.triggerCheckpoint()
    await world.settle()
    await world.acknowledgeAll(1)
    expect(await outcomeOf(taken)).toBe(`complete: ${JOB_DIRECTORY}/chk-1`)
    expect(world.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('on request waits for one that is under way, not for the interval', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    const taken = world.coordinator.triggerCheckpoint()
    await world.settle()
    expect(world.told()).toEqual(ALL_TOLD(1).slice(0, 3))
    await world.acknowledgeAll(1)
    await world.acknowledgeAll(2)
    expect([await outcomeOf(taken), world.told()]).toEqual([
      `complete: ${JOB_DIRECTORY}/chk-2`,
      ['complete 1', ...ALL_TOLD(2)],
    ])
  })
})

describe('A checkpoint that fails', () => {
  test('by a decline is aborted everywhere, its directory is removed, and the job goes on as long as that is tolerable', async () => {
    const world = CheckpointWorld.running({ tolerableFailures: 1 })
    await world.pass(100)
    world.told()
    world.coordinator.onDeclined(at(1, 0), 1, new Error('no space left'))
    await world.settle()
    expect([world.told(), world.attempt.failure, world.storage.directories.size]).toEqual([['abort 1'], undefined, 0])
    expect(world.log).toEqual([
      'warn: Checkpoint 1 could not be completed: subtask Sink (1/2) declined it: no space left',
    ])
    await world.acknowledgeAll(1)
    expect(world.coordinator.latest()).toBeUndefined()
    await world.pass(100)
    await world.acknowledgeAll(2)
    expect(world.coordinator.latest()?.metadata.checkpointId).toBe(2)
  })

  test('by its timeout names who is missing', async () => {
    const world = CheckpointWorld.running({ tolerableFailures: 1, intervalMs: 5_000 })
    await world.pass(5_000)
    for (const subtask of [at(0, 0), at(0, 1), at(1, 0)]) world.acknowledge(1, subtask)
    await world.pass(999)
    expect(world.told()).toEqual(ALL_TOLD(1).slice(0, 3))
    await world.pass(1)
    expect(world.told()).toEqual(['abort 1'])
    expect(world.coordinator.statistics().latestFailed).toMatchObject({
      checkpointId: 1,
      durationMs: 1_000,
      failureMessage:
        'after 1 s (execution.checkpointing.timeout) 1 subtasks had not acknowledged it, subtask Sink (2/2) among them',
    })
  })

  test.each(['makeDirectory', 'publish'] as const)('by its storage (%s) tells why', async (failing) => {
    const world = CheckpointWorld.running({ tolerableFailures: 1 })
    world.storage.before = (operation) => {
      if (operation === failing) throw new Error('the disk is full')
    }
    await world.pass(100)
    await world.acknowledgeAll(1)
    // Nobody knows of one whose directory could not be made.
    expect(world.told()).toEqual(failing === 'publish' ? [...ALL_TOLD(1).slice(0, 3), 'abort 1'] : [])
    expect(world.coordinator.statistics().latestFailed?.failureMessage).toBe('the disk is full')
    expect([world.coordinator.latest(), world.storage.directories.size]).toEqual([undefined, 0])
    world.storage.before = () => {}
    await world.pass(100)
    await world.acknowledgeAll(2)
    expect(world.coordinator.latest()?.metadata.checkpointId).toBe(2)
  })

  test.each(['makeDirectory', 'publish'] as const)(
    'because its storage (%s) hangs is given up in time',
    async (hanging) => {
      const world = CheckpointWorld.running({ tolerableFailures: 9, intervalMs: 5_000 })
      world.storage.before = (operation, path) =>
        operation === hanging && path.includes('chk-1') ? new Promise(() => {}) : undefined
      await world.pass(5_000)
      await world.acknowledgeAll(1)
      await world.pass(1_000)
      expect(world.coordinator.statistics().latestFailed?.failureMessage).toBe(
        `after 1 s (execution.checkpointing.timeout) it was still ${hanging === 'publish' ? 'publishing' : 'starting'}`,
      )
      await world.pass(4_000)
      await world.acknowledgeAll(2)
      expect(world.coordinator.latest()?.metadata.checkpointId).toBe(2)
    },
  )

  test('because an enumerator throws or hangs releases the enumerators, also when the answer comes late', async () => {
    const world = CheckpointWorld.running({ tolerableFailures: 9, intervalMs: 5_000 })
    world.attempt.onSnapshotEnumerators = () => Promise.reject(new Error('unlucky'))
    await world.pass(5_000)
    expect(world.told()).toEqual(['hold 1', 'release'])
    const late = Promise.withResolvers<ReadonlyMap<string, Uint8Array>>()
    world.attempt.onSnapshotEnumerators = () => late.promise
    await world.pass(6_000)
    expect(world.told()).toEqual(['hold 2', 'release'])
    world.attempt.onSnapshotEnumerators = async () => new Map()
    await world.pass(4_000)
    expect(world.told()).toEqual([])
    late.resolve(new Map())
    await world.settle()
    expect(world.told()).toEqual(['release', ...ALL_TOLD(3).slice(0, 3)])
  })

  test('more often in a row than is tolerable fails the attempt; one that is complete sets the count back', async () => {
    const world = CheckpointWorld.running({ tolerableFailures: 1 })
    const decline = async (checkpointId: number) => {
      await world.pass(100)
      world.coordinator.onDeclined(at(0, 0), checkpointId, new Error('unlucky'))
    }
    await decline(1)
    await world.pass(100)
    await world.acknowledgeAll(2)
    await decline(3)
    expect(world.attempt.failure).toBeUndefined()
    await decline(4)
    expect(world.attempt.failure).toMatchObject({
      code: 'CHECKPOINT_FAILED',
      message:
        'More checkpoints failed than execution.checkpointing.tolerable-failed-checkpoints allows (1): Checkpoint 4 could not be completed: subtask Source (1/2) declined it: unlucky',
    })
  })

  test('by default fails the attempt, which may restart from within that very call', async () => {
    const world = CheckpointWorld.running()
    world.attempt.onFail = () => world.restart()
    await world.pass(100)
    world.coordinator.onDeclined(at(0, 0), 1, new Error('unlucky'))
    await world.pass(100)
    await world.acknowledgeAll(2)
    expect(world.told()).toEqual(ALL_TOLD(2))
  })

  test('because a subtask fails or is canceled does not count', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    world.enter(at(1, 1), 'FAILED')
    expect(world.coordinator.statistics().latestFailed?.failureMessage).toBe('subtask Sink (2/2) is FAILED')
    expect([world.attempt.told.at(-1), world.attempt.failure]).toEqual(['abort 1', undefined])
  })
})

describe('When subtasks have finished', () => {
  test('they count as acknowledged, and the checkpoint says so', async () => {
    const world = CheckpointWorld.running()
    world.enter(at(0, 1), 'FINISHED')
    await world.pass(100)
    expect(world.told()).toEqual(['hold 1', 'trigger 1 at 0/0', 'release'])
    await world.acknowledgeAll(1)
    expect(world.coordinator.latest()?.metadata.operators[0]?.subtasks).toEqual([
      { isFinished: false, hasEndedInput: false, keyed: undefined, lists: [] },
      { isFinished: true, hasEndedInput: true, keyed: undefined, lists: [] },
    ])
    expect(world.coordinator.statistics().latestCompleted).toMatchObject({ subtaskCount: 4, acknowledgedCount: 4 })
  })

  test('a checkpoint begins where no barrier arrives any more: behind them', async () => {
    const graph = smallJobGraph(
      [
        ['Source', 2],
        ['Map', 2],
        ['Sink', 1],
      ],
      [
        [0, 1, 'POINTWISE'],
        [1, 2],
      ],
    )
    const world = CheckpointWorld.running({}, graph)
    world.enter(at(0, 1), 'FINISHED')
    await world.pass(100)
    await world.acknowledgeAll(1)
    world.enter(at(0, 0), 'FINISHED')
    world.enter(at(1, 1), 'FINISHED')
    await world.pass(100)
    await world.acknowledgeAll(2)
    world.enter(at(1, 0), 'FINISHED')
    await world.pass(100)
    expect(world.told().filter((each) => each.startsWith('trigger'))).toEqual([
      'trigger 1 at 0/0 1/1',
      'trigger 2 at 1/0',
      'trigger 3 at 2/0',
    ])
  })

  test('one that finishes before it acknowledged ends the checkpoint, which is no failure to count', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    world.acknowledge(1, at(0, 0))
    world.enter(at(0, 0), 'FINISHED')
    expect(world.attempt.told).not.toContain('abort 1')
    world.enter(at(0, 1), 'FINISHED')
    expect([world.attempt.told.at(-1), world.attempt.failure]).toEqual(['abort 1', undefined])
    await world.pass(100)
    expect(world.attempt.told.at(-2)).toBe('trigger 2 at 1/0 1/1')
  })

  test('a decline by one that is not running is no failure to count', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    world.attempt.set(at(0, 0), 'FINISHED')
    world.coordinator.onDeclined(at(0, 0), 1, new Error('the subtask is FINISHED'))
    expect([world.attempt.told.at(-1), world.attempt.failure]).toEqual(['abort 1', undefined])
  })

  test('periodic checkpoints end with the first of them, if so configured', async () => {
    const world = CheckpointWorld.running({ afterTasksFinish: false })
    world.enter(at(0, 0), 'FINISHED')
    await world.pass(500)
    expect(world.told()).toEqual([])
  })

  test('no checkpoint is taken once all have', async () => {
    const world = CheckpointWorld.running()
    for (const subtask of world.attempt.running()) world.enter(subtask, 'FINISHED')
    await world.pass(500)
    expect(world.told()).toEqual([])
    expect(await outcomeOf(world.coordinator.triggerCheckpoint())).toBe(
      'Cannot take a snapshot of job "small": all its subtasks have finished',
    )
  })
})

describe('Subtasks that wait for a final checkpoint', () => {
  test('get one as soon as all that are left wait, and end with it; no further one is taken for them', async () => {
    const world = CheckpointWorld.running({ intervalMs: 60_000 })
    world.enter(at(0, 0), 'FINISHED')
    world.enter(at(0, 1), 'FINISHED')
    world.coordinator.onAwaitingFinalCheckpoint(at(1, 0))
    await world.settle()
    expect(world.told()).toEqual([])
    world.coordinator.onAwaitingFinalCheckpoint(at(1, 1))
    await world.settle()
    expect(world.told()).toEqual(['hold 1', 'trigger 1 at 1/0 1/1', 'release'])
    await world.acknowledgeAll(1, { hasEndedInput: true })
    world.enter(at(1, 0), 'FINISHED')
    await world.pass(10)
    expect([world.told(), world.coordinator.statistics().counts.total]).toEqual([['complete 1'], 1])
  })

  test('wait for the interval if others still work', async () => {
    const world = CheckpointWorld.running()
    world.coordinator.onAwaitingFinalCheckpoint(at(1, 0))
    await world.pass(99)
    expect(world.told()).toEqual([])
    await world.pass(1)
    expect(world.told()).toEqual(ALL_TOLD(1).slice(0, 3))
  })

  test('get another after one that was under way, and did not hold the effect of all their input', async () => {
    const world = CheckpointWorld.running({ intervalMs: 10_000, timeoutMs: 60_000 })
    for (const subtask of [at(0, 0), at(0, 1)]) world.enter(subtask, 'FINISHED')
    await world.pass(10_000)
    for (const subtask of [at(1, 0), at(1, 1)]) world.coordinator.onAwaitingFinalCheckpoint(subtask)
    world.told()
    await world.acknowledgeAll(1)
    expect(world.told()).toEqual(['complete 1', 'hold 2', 'trigger 2 at 1/0 1/1', 'release'])
  })

  test('and whose consumers are left without a barrier: the checkpoint is taken again, at those', async () => {
    const graph = smallJobGraph(
      [
        ['Source and sink', 1],
        ['Sink', 1],
      ],
      [[0, 1]],
    )
    const world = CheckpointWorld.running({ intervalMs: 10_000 }, graph)
    const taken = world.coordinator.triggerCheckpoint()
    await world.settle()
    world.coordinator.onAwaitingFinalCheckpoint(at(0, 0))
    await world.settle()
    expect(world.told()).toEqual([
      'hold 1',
      'trigger 1 at 0/0',
      'release',
      'abort 1',
      'hold 2',
      'trigger 2 at 0/0 1/0',
      'release',
    ])
    await world.acknowledgeAll(2, { hasEndedInput: true })
    expect(await outcomeOf(taken)).toBe(`complete: ${JOB_DIRECTORY}/chk-2`)
  })

  test('wait for the next time after one for them has failed, so that failures do not follow each other at once', async () => {
    const world = CheckpointWorld.running({ tolerableFailures: 9 })
    world.storage.before = (operation) => {
      if (operation === 'publish') throw new Error('the disk is full')
    }
    for (const subtask of [at(0, 0), at(0, 1)]) world.enter(subtask, 'FINISHED')
    for (const subtask of [at(1, 0), at(1, 1)]) world.coordinator.onAwaitingFinalCheckpoint(subtask)
    await world.settle()
    await world.acknowledgeAll(1, { hasEndedInput: true })
    expect(world.told().at(-1)).toBe('abort 1')
    await world.pass(99)
    expect(world.told()).toEqual([])
    world.storage.before = () => {}
    await world.pass(1)
    await world.acknowledgeAll(2, { hasEndedInput: true })
    expect(world.told().at(-1)).toBe('complete 2')
  })

  test('have said so before all others ran', async () => {
    const world = new CheckpointWorld({ intervalMs: 60_000 })
    for (const subtask of [at(0, 0), at(0, 1)]) world.enter(subtask, 'FINISHED')
    for (const subtask of [at(1, 0), at(1, 1)]) world.coordinator.onAwaitingFinalCheckpoint(subtask)
    world.coordinator.attach(world.attempt, undefined)
    await world.settle()
    expect(world.told()).toEqual(['hold 1', 'trigger 1 at 1/0 1/1', 'release'])
  })

  test.each([60_000, undefined])(
    'need a checkpoint after a savepoint that took their last state, since a savepoint commits nothing (interval %s)',
    async (intervalMs) => {
      const world = CheckpointWorld.running({ intervalMs })
      const savepoint = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'none' })
      await world.settle()
      await world.acknowledgeAll(1, { hasEndedInput: true })
      expect(await outcomeOf(savepoint)).toBe('complete: /savepoints/savepoint-abcdef-000000000001')
      expect(world.told()).toEqual([...ALL_TOLD(1).slice(0, 3), ...ALL_TOLD(2).slice(0, 3)])
    },
  )
})
