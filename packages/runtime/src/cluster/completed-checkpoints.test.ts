import { describe, expect, test } from 'vitest'
import { encodeMetadata } from '../snapshot/metadata-codec.ts'
import type { SnapshotMetadata } from '../snapshot/snapshot.ts'
import type { CompletedSnapshot } from './checkpoint-coordinator-parts.ts'
import { CheckpointWorld, JOB_DIRECTORY, outcomeOf } from './testing/checkpoint-world.ts'

const directories = (...ids: readonly number[]) => ids.map((id) => `${JOB_DIRECTORY}/chk-${id}`)

async function takeCheckpoint(world: CheckpointWorld): Promise<void> {
  const taken = world.coordinator.triggerCheckpoint()
  await world.settle()
  await world.acknowledgeAll(world.attempt.triggered.at(-1)!.checkpointId)
  await taken
  await world.settle()
}

/** A savepoint of another job, with a file beside it that is not its. */
function foreignSavepoint(world: CheckpointWorld, checkpointId: number): CompletedSnapshot {
  const metadata: SnapshotMetadata = {
    kind: 'savepoint',
    checkpointId,
    timestampMs: 5,
    jobId: '1'.repeat(32),
    jobName: 'another',
    operators: [],
  }
  world.storage.files.set('/mine/savepoint/_metadata', encodeMetadata(metadata))
  return { metadata, path: '/mine/savepoint' }
}

describe('Complete checkpoints', () => {
  test('are kept in the number that is wanted; an older one goes only once a newer one is complete', async () => {
    const world = CheckpointWorld.running({ intervalMs: undefined, retainedCount: 2 })
    for (const expected of [[1], [1, 2], [2, 3], [3, 4]]) {
      await takeCheckpoint(world)
      expect(world.completeDirectories()).toEqual(directories(...expected))
    }
    const published = world.storage.log.indexOf(`publish ${JOB_DIRECTORY}/chk-3/_metadata`)
    const removed = world.storage.log.indexOf(`remove ${JOB_DIRECTORY}/chk-1/_metadata`)
    expect([published > 0, removed > published]).toEqual([true, true])
  })

  test('that cannot be removed are named in the log, and the job goes on', async () => {
    const world = CheckpointWorld.running({ intervalMs: undefined })
    world.storage.before = (operation) => {
      if (operation === 'remove') throw new Error('it is busy')
    }
    await takeCheckpoint(world)
    await takeCheckpoint(world)
    expect([world.log, world.coordinator.latest()?.metadata.checkpointId]).toEqual([
      ['warn: a snapshot that is needed no more could not be removed'],
      2,
    ])
  })

  test.each([
    ['RETAIN_ON_CANCELLATION', { FINISHED: [], CANCELED: [1], FAILED: [1], SUSPENDED: [1] }],
    ['DELETE_ON_CANCELLATION', { FINISHED: [], CANCELED: [], FAILED: [1], SUSPENDED: [1] }],
    ['NO_EXTERNALIZED_CHECKPOINTS', { FINISHED: [], CANCELED: [], FAILED: [], SUSPENDED: [1] }],
  ] as const)('outlive the job as %s says', async (retention, kept) => {
    for (const status of ['FINISHED', 'CANCELED', 'FAILED', 'SUSPENDED'] as const) {
      const world = CheckpointWorld.running({ intervalMs: undefined, retention })
      await takeCheckpoint(world)
      await world.coordinator.dispose(status)
      expect(world.completeDirectories(), status).toEqual(directories(...kept[status]))
      expect(world.storage.directories.size, status).toBe(kept[status].length)
    }
  })

  test('are removed by one call, however often it is made, and none is taken afterwards', async () => {
    const world = CheckpointWorld.running()
    await takeCheckpoint(world)
    await Promise.all([world.coordinator.dispose('CANCELED'), world.coordinator.dispose('SUSPENDED')])
    expect(world.completeDirectories()).toEqual([])
    world.coordinator.attach(world.attempt, undefined)
    expect(await outcomeOf(world.coordinator.triggerCheckpoint())).toMatch(/not all of its subtasks run/)
    expect(world.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('do not keep the job from ending if the storage hangs', async () => {
    const world = CheckpointWorld.running({ intervalMs: undefined })
    await takeCheckpoint(world)
    world.storage.before = (operation) => (operation === 'remove' ? new Promise(() => {}) : undefined)
    let ended = false
    void world.coordinator.dispose('FINISHED').then(() => {
      ended = true
    })
    await world.pass(999)
    expect(ended).toBe(false)
    await world.pass(1)
    expect([ended, world.log]).toEqual([true, ['warn: checkpoints could not be removed within 1000 ms, and are left']])
  })
})

describe('After a restart', () => {
  test('ids go on, and what was under way is given up', async () => {
    const world = CheckpointWorld.running()
    await takeCheckpoint(world)
    const waiting = world.coordinator.triggerCheckpoint()
    await world.settle()
    world.restart()
    expect(await outcomeOf(waiting)).toBe('Checkpoint 2 could not be completed: the attempt failed')
    await world.acknowledgeAll(2)
    expect(world.told()).toEqual([])
    await takeCheckpoint(world)
    expect(world.completeDirectories()).toEqual(directories(3))
    expect(world.coordinator.statistics().counts).toMatchObject({ restored: 1, total: 3, completed: 2, failed: 1 })
  })

  test('ids go on from the restored one, which is what a further restart begins from', async () => {
    const world = new CheckpointWorld({ intervalMs: undefined })
    const savepoint = foreignSavepoint(world, 41)
    world.coordinator.attach(world.attempt, savepoint)
    expect(world.coordinator.latest()).toBe(savepoint)
    await takeCheckpoint(world)
    expect(world.coordinator.latest()?.metadata.checkpointId).toBe(42)
    await world.coordinator.dispose('FINISHED')
    expect(world.completeDirectories()).toEqual(['/mine/savepoint'])
  })

  test('a savepoint that was claimed is removed once a newer checkpoint is complete, and only what is its', async () => {
    const world = new CheckpointWorld({ intervalMs: undefined })
    world.storage.files.set('/mine/savepoint/notes.txt', Uint8Array.of(1))
    world.coordinator.attach(world.attempt, foreignSavepoint(world, 41), { isClaimed: true })
    await world.settle()
    expect(world.completeDirectories()).toEqual(['/mine/savepoint'])
    await takeCheckpoint(world)
    expect([...world.storage.files.keys()]).toEqual(['/mine/savepoint/notes.txt', `${JOB_DIRECTORY}/chk-42/_metadata`])
  })

  test('a publication that was under way is what the job goes on from, if it is waited for', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    const publishing = Promise.withResolvers<void>()
    world.storage.before = (operation) => (operation === 'publish' ? publishing.promise : undefined)
    await world.acknowledgeAll(1)
    world.coordinator.detach(new Error('the attempt failed'))
    let isSettled = false
    const settled = world.coordinator.settled().then(() => {
      isSettled = true
    })
    await world.settle()
    expect([isSettled, world.coordinator.latest()]).toEqual([false, undefined])
    publishing.resolve()
    await settled
    expect(world.coordinator.latest()?.metadata.checkpointId).toBe(1)
    // Nobody is left to be told.
    expect(world.told().filter((each) => each.startsWith('complete'))).toEqual([])
  })

  test('nothing is left of a publication that failed, once it is settled', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    const publishing = Promise.withResolvers<void>()
    const removing = Promise.withResolvers<void>()
    world.storage.before = (operation) =>
      operation === 'publish' ? publishing.promise : operation === 'remove' ? removing.promise : undefined
    await world.acknowledgeAll(1)
    world.coordinator.detach(new Error('the attempt failed'))
    let isSettled = false
    const settled = world.coordinator.settled().then(() => {
      isSettled = true
    })
    publishing.reject(new Error('EIO'))
    await world.settle()
    expect([isSettled, world.storage.directories.size]).toEqual([false, 1])
    removing.resolve()
    await settled
    expect([world.coordinator.latest(), world.storage.directories.size]).toEqual([undefined, 0])
  })

  test('a publication that was not waited for counts for nothing, and is removed when it has ended', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    const publishing = Promise.withResolvers<void>()
    world.storage.before = (operation) => (operation === 'publish' ? publishing.promise : undefined)
    await world.acknowledgeAll(1)
    world.restart()
    publishing.resolve()
    await world.settle()
    expect([world.coordinator.latest(), world.completeDirectories(), world.storage.directories.size]).toEqual([
      undefined,
      [],
      0,
    ])
  })
})
