import { describe, expect, test } from 'vitest'
import { at, CheckpointWorld, JOB_DIRECTORY, outcomeOf } from './testing/checkpoint-world.ts'

const SAVEPOINT = '/savepoints/savepoint-abcdef-000000000001'

describe('A savepoint', () => {
  test('is taken at once, beside checkpoints, in a directory of its own', async () => {
    const world = CheckpointWorld.running({ minPauseMs: 50 })
    await world.pass(100)
    const taken = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'none' })
    await world.settle()
    await world.acknowledgeAll(2)
    expect(await outcomeOf(taken)).toBe(`complete: ${SAVEPOINT}`)
    expect(world.completeDirectories()).toEqual([SAVEPOINT])
    expect((await taken).metadata).toMatchObject({ kind: 'savepoint', checkpointId: 2 })
  })

  test('of a job that goes on has no effect on it: nobody commits, and no restart begins from it', async () => {
    const world = CheckpointWorld.running({ intervalMs: undefined })
    const taken = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'none' })
    await world.settle()
    await world.acknowledgeAll(1)
    expect([await outcomeOf(taken), world.told(), world.coordinator.latest()]).toEqual([
      `complete: ${SAVEPOINT}`,
      ['hold 1', 'trigger 1 at 0/0 0/1', 'release'],
      undefined,
    ])
  })

  test('does not make a checkpoint superfluous, nor is it one that counts', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    await world.acknowledgeAll(1)
    const taken = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'none' })
    await world.settle()
    await world.acknowledgeAll(2)
    await taken
    expect(world.completeDirectories()).toEqual([`${JOB_DIRECTORY}/chk-1`, SAVEPOINT])
    expect(world.coordinator.latest()?.metadata.checkpointId).toBe(1)
    await world.pass(100)
    await world.acknowledgeAll(3)
    await world.coordinator.dispose('FINISHED')
    expect(world.completeDirectories()).toEqual([SAVEPOINT])
  })

  test('that fails tells why, leaves nothing behind, and never counts as a failed checkpoint', async () => {
    const world = CheckpointWorld.running()
    world.storage.before = (operation) => {
      if (operation === 'makeDirectory') throw new Error('it is not writable')
    }
    const refused = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'none' })
    expect(await outcomeOf(refused)).toBe('Savepoint 1 could not be completed: it is not writable')
    await expect(refused).rejects.toMatchObject({ code: 'SAVEPOINT_FAILED', facts: { checkpointId: 1, job: 'small' } })
    world.storage.before = () => {}
    const declined = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'none' })
    await world.settle()
    world.coordinator.onDeclined(at(1, 0), 2, new Error('no space left'))
    expect(await outcomeOf(declined)).toBe(
      'Savepoint 2 could not be completed: subtask Sink (1/2) declined it: no space left',
    )
    await world.settle()
    expect([world.attempt.failure, world.storage.directories.size]).toEqual([undefined, 0])
  })

  test('is taken again if a subtask finished before its turn came', async () => {
    const world = CheckpointWorld.running({ intervalMs: undefined })
    const taken = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'suspend' })
    await world.settle()
    world.enter(at(0, 0), 'FINISHED')
    await world.settle()
    await world.acknowledgeAll(2)
    expect(await outcomeOf(taken)).toBe('complete: /savepoints/savepoint-abcdef-000000000002')
    expect(world.completeDirectories()).toEqual(['/savepoints/savepoint-abcdef-000000000002'])
  })

  test('begins after those that were asked for before, in the order of ids', async () => {
    const world = CheckpointWorld.running({ intervalMs: undefined })
    const states = Promise.withResolvers<ReadonlyMap<string, Uint8Array>>()
    world.attempt.onSnapshotEnumerators = () => states.promise
    const both = [1, 2].map(() => world.coordinator.triggerSavepoint({ stop: 'none', inMemory: true }))
    await world.settle()
    expect(world.told()).toEqual(['hold 1'])
    states.resolve(new Map())
    await world.settle()
    expect(world.told()).toEqual(['trigger 1 at 0/0 0/1', 'release', 'hold 2', 'trigger 2 at 0/0 0/1', 'release'])
    await world.acknowledgeAll(2)
    await world.acknowledgeAll(1)
    expect(await Promise.all(both.map(outcomeOf))).toEqual(['complete: undefined', 'complete: undefined'])
  })

  test('needs a running job, a directory, and a place in the queue', async () => {
    const world = new CheckpointWorld()
    const savepoint = (directory?: string) => world.coordinator.triggerSavepoint({ directory, stop: 'none' })
    expect(await outcomeOf(savepoint('/savepoints'))).toBe(
      'Cannot take a snapshot of job "small": not all of its subtasks run',
    )
    world.coordinator.attach(world.attempt, undefined)
    expect(await outcomeOf(savepoint())).toBe('Cannot take a savepoint of job "small": there is no directory for it')
    world.attempt.onSnapshotEnumerators = () => new Promise(() => {})
    const many = Array.from({ length: 102 }, () => savepoint('/savepoints'))
    expect(await outcomeOf(many[101]!)).toBe('Cannot take a snapshot of job "small": 100 others wait to be taken')
    await world.pass(1_000)
    expect(await outcomeOf(many[0]!)).toBe(
      'Savepoint 1 could not be completed: after 1 s (execution.checkpointing.timeout) it was still starting',
    )
    expect(await outcomeOf(many[100]!)).toBe(
      'Cannot take a snapshot of job "small": its turn did not come within 1000 ms',
    )
    world.coordinator.detach(new Error('the end'))
    await Promise.allSettled(many)
    expect(world.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('A savepoint that stops the job', () => {
  test.each(['suspend', 'drain'] as const)('(%s) commits, and is what a restart would begin from', async (stop) => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    await world.acknowledgeAll(1)
    const taken = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop })
    await world.settle()
    world.told()
    expect(world.attempt.triggered.at(-1)).toMatchObject({ checkpointId: 2, stop })
    await world.acknowledgeAll(2)
    expect([await outcomeOf(taken), world.told()]).toEqual([`complete: ${SAVEPOINT}`, ['complete 2']])
    expect(world.coordinator.latest()?.path).toBe(SAVEPOINT)
    expect(world.completeDirectories()).toEqual([`${JOB_DIRECTORY}/chk-1`, SAVEPOINT])
  })

  test('lets no other begin, before or after it is complete', async () => {
    const world = CheckpointWorld.running()
    const stopped = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'suspend' })
    await world.pass(500)
    const other = world.coordinator.triggerCheckpoint()
    await world.acknowledgeAll(1)
    await stopped
    await world.pass(500)
    expect(world.told()).toEqual(['hold 1', 'trigger 1 at 0/0 0/1', 'release', 'complete 1'])
    world.coordinator.detach(new Error('the job has ended'))
    expect(await outcomeOf(other)).toBe('the job has ended')
  })

  test('supersedes checkpoints that are under way', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    const stopped = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'suspend' })
    await world.settle()
    world.told()
    await world.acknowledgeAll(2)
    expect([await outcomeOf(stopped), world.told()]).toEqual([`complete: ${SAVEPOINT}`, ['complete 2', 'abort 1']])
  })

  test('lets the job go on if it fails, with its checkpoints', async () => {
    const world = CheckpointWorld.running()
    const stopped = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'suspend' })
    await world.settle()
    world.coordinator.onDeclined(at(0, 0), 1, new Error('unlucky'))
    expect(await outcomeOf(stopped)).toMatch(/declined it: unlucky/)
    world.told()
    await world.pass(100)
    expect([world.told(), world.attempt.failure]).toEqual([['hold 2', 'trigger 2 at 0/0 0/1', 'release'], undefined])
  })

  test('fails the attempt if it fails after a drain, but not if no subtask knows of it yet', async () => {
    const world = CheckpointWorld.running({ tolerableFailures: 9 })
    world.attempt.onSnapshotEnumerators = () => Promise.reject(new Error('unlucky'))
    const early = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'drain' })
    expect([await outcomeOf(early), world.attempt.failure]).toEqual([
      'Savepoint 1 could not be completed: unlucky',
      undefined,
    ])
    world.attempt.onSnapshotEnumerators = async () => new Map()
    const late = world.coordinator.triggerSavepoint({ directory: '/savepoints', stop: 'drain' })
    await world.settle()
    world.enter(at(0, 0), 'FINISHED')
    expect(await outcomeOf(late)).toBe(
      'Savepoint 2 could not be completed: subtask Source (1/2) finished before its turn came',
    )
    expect(world.attempt.failure).toMatchObject({ code: 'SAVEPOINT_FAILED' })
  })

  test('can be kept in memory, for a restart that follows at once', async () => {
    const world = CheckpointWorld.running()
    await world.pass(100)
    await world.acknowledgeAll(1)
    const stopped = world.coordinator.triggerSavepoint({ stop: 'suspend', inMemory: true })
    await world.settle()
    await world.acknowledgeAll(2)
    expect((await stopped).path).toBeUndefined()
    world.restart()
    expect(world.coordinator.latest()).toBe(await stopped)
    // If the process died now, this would be needed.
    expect(world.completeDirectories()).toEqual([`${JOB_DIRECTORY}/chk-1`])
    await world.pass(100)
    await world.acknowledgeAll(3)
    expect(world.completeDirectories()).toEqual([`${JOB_DIRECTORY}/chk-3`])
  })

  test('is removed as a checkpoint is, if it is the job that owns it', async () => {
    const world = CheckpointWorld.running({ intervalMs: 100 })
    const stopped = world.coordinator.triggerSavepoint({ directory: JOB_DIRECTORY, stop: 'suspend', isOwned: true })
    await world.settle()
    await world.acknowledgeAll(1)
    await stopped
    world.restart()
    expect(world.completeDirectories()).toEqual([`${JOB_DIRECTORY}/savepoint-abcdef-000000000001`])
    await world.pass(100)
    await world.acknowledgeAll(2)
    expect(world.completeDirectories()).toEqual([`${JOB_DIRECTORY}/chk-2`])
  })
})
