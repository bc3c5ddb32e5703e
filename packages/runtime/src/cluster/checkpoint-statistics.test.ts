import { expect, test } from 'vitest'
import { at, CheckpointWorld, JOB_DIRECTORY } from './testing/checkpoint-world.ts'

test('Statistics tell of each checkpoint when it began, how it is getting on, and what each subtask took', async () => {
  const world = CheckpointWorld.running()
  world.attempt.onSnapshotEnumerators = async () => new Map([['1'.repeat(32), new Uint8Array(5)]])
  world.enter(at(0, 1), 'FINISHED')
  const startMs = world.clock.now()
  await world.pass(120)
  world.acknowledge(1, at(1, 0))
  await world.pass(30)
  const subtask = {
    startDelayMs: 1,
    alignmentMs: 2,
    syncMs: 3,
    asyncMs: 4,
    stateBytes: 10,
    ackTimestampMs: startMs + 120,
  }
  const entry = {
    checkpointId: 1,
    status: 'IN_PROGRESS',
    isSavepoint: false,
    triggerTimestampMs: startMs + 100,
    latestAckTimestampMs: startMs + 120,
    durationMs: 50,
    stateBytes: 15,
    subtaskCount: 4,
    acknowledgedCount: 2,
    path: undefined,
    failureMessage: undefined,
    vertices: [
      { vertexId: '1'.repeat(32), vertexName: 'Source', subtasks: [undefined, undefined] },
      { vertexId: '2'.repeat(32), vertexName: 'Sink', subtasks: [subtask, undefined] },
    ],
  }
  expect(world.coordinator.statistics()).toEqual({
    counts: { restored: 0, total: 1, inProgress: 1, completed: 0, failed: 0 },
    history: [entry],
    latestCompleted: undefined,
    latestSavepoint: undefined,
    latestFailed: undefined,
    latestRestored: undefined,
  })
  for (const each of [at(0, 0), at(1, 1)]) world.acknowledge(1, each)
  await world.settle()
  const late = { ...subtask, ackTimestampMs: startMs + 150 }
  const complete = {
    ...entry,
    status: 'COMPLETED',
    latestAckTimestampMs: startMs + 150,
    stateBytes: 35,
    acknowledgedCount: 4,
    path: `${JOB_DIRECTORY}/chk-1`,
    vertices: [
      { ...entry.vertices[0], subtasks: [late, undefined] },
      { ...entry.vertices[1], subtasks: [subtask, late] },
    ],
  }
  await world.pass(10)
  expect(world.coordinator.statistics()).toMatchObject({
    counts: { restored: 0, total: 1, inProgress: 0, completed: 1, failed: 0 },
    history: [complete],
    latestCompleted: complete,
  })
})

test('Statistics keep the ten newest, and the latest of each kind', async () => {
  const world = CheckpointWorld.running({ intervalMs: undefined, tolerableFailures: 99, directory: undefined })
  const savepoint = world.coordinator.triggerSavepoint({ stop: 'none', inMemory: true })
  await world.settle()
  await world.acknowledgeAll(1)
  await savepoint
  for (let checkpointId = 2; checkpointId <= 14; checkpointId++) {
    const taken = world.coordinator.triggerCheckpoint().catch(() => {})
    await world.settle()
    if (checkpointId % 2 === 0) await world.acknowledgeAll(checkpointId)
    else world.coordinator.onDeclined(at(0, 0), checkpointId, new Error(`unlucky ${checkpointId}`))
    await taken
  }
  world.restart()
  const { counts, history, latestCompleted, latestSavepoint, latestFailed, latestRestored } =
    world.coordinator.statistics()
  expect(counts).toEqual({ restored: 1, total: 14, inProgress: 0, completed: 8, failed: 6 })
  expect(history.map(({ checkpointId }) => checkpointId)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5])
  expect([latestCompleted?.checkpointId, latestSavepoint?.checkpointId, latestFailed?.checkpointId]).toEqual([
    14, 1, 13,
  ])
  expect([latestSavepoint?.isSavepoint, latestFailed?.failureMessage]).toEqual([
    true,
    'subtask Source (1/2) declined it: unlucky 13',
  ])
  expect(latestRestored).toEqual({
    checkpointId: 14,
    restoreTimestampMs: world.clock.now(),
    isSavepoint: false,
    path: undefined,
  })
})
