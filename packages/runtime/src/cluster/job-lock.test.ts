import { expect, test } from 'vitest'
import type { Logger } from '../base/logger.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { JobLock } from './job-lock.ts'
import type { LockFile, LockFiles } from './lock-files.ts'
import type { ProcessTable } from './process-table.ts'

class FilesInMemory implements LockFiles {
  readonly files = new Map<string, LockFile>()
  readonly #clock: SimulatedClock
  /** Called before each operation: what others do meanwhile. */
  meanwhile: (operation: string) => Promise<void> = async () => {}

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  async create(path: string, text: string): Promise<boolean> {
    await this.meanwhile('create')
    if (this.files.has(path)) return false
    this.files.set(path, { text, modifiedMs: this.#clock.now() })
    return true
  }

  async read(path: string): Promise<LockFile | undefined> {
    await this.meanwhile('read')
    return this.files.get(path)
  }

  async touch(path: string, nowMs: number): Promise<void> {
    const file = this.files.get(path)
    if (file !== undefined) this.files.set(path, { ...file, modifiedMs: nowMs })
  }

  async remove(path: string): Promise<void> {
    await this.meanwhile('remove')
    this.files.delete(path)
  }
}

/** Several machines and processes that share one directory. */
class World {
  readonly clock = new SimulatedClock()
  readonly files = new FilesInMemory(this.clock)
  readonly alive = new Map<string, string | undefined>()
  readonly log: string[] = []

  process(pid: number, startedAt: string | undefined = `start-${pid}`, host = 'a'): ProcessTable {
    this.alive.set(`${host}/${pid}`, startedAt)
    return {
      host,
      pid,
      startedAt,
      isAlive: (other, start) => {
        const actual = this.alive.get(`${host}/${other}`)
        if (!this.alive.has(`${host}/${other}`)) return false
        return start === undefined || actual === undefined || actual === start
      },
    }
  }

  kill(pid: number, host = 'a'): void {
    this.alive.delete(`${host}/${pid}`)
  }

  lock(processes: ProcessTable, jobName = 'words'): Promise<JobLock> {
    const log = (message: string) => void this.log.push(message)
    const logger: Logger = { debug: log, info: log, warn: log, error: log }
    const { clock, files } = this
    const jobId = String(processes.pid).padStart(32, '0')
    return this.finish(JobLock.acquire({ directory: '/checkpoints', jobName, jobId, files, processes, clock, logger }))
  }

  /** Lets time pass as long as something waits for it. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const done = () => {
      settled = true
    }
    promise.then(done, done)
    for (let i = 0; i < 1000 && !settled; i++) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      if (!settled) this.clock.advanceTo(this.clock.monotonicMs() + 10)
    }
    return await promise
  }

  async pass(ms: number): Promise<void> {
    const end = this.clock.monotonicMs() + ms
    while (this.clock.monotonicMs() < end) {
      this.clock.advanceTo(Math.min(end, this.clock.monotonicMs() + 1000))
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    }
  }
}

test('A second live run of the same job is refused with the id, process and start of the first, and the file', async () => {
  const world = new World()
  const sinceMs = world.clock.now()
  const { path } = await world.lock(world.process(11))
  await world.pass(3_000)
  const error: unknown = await world.lock(world.process(12)).catch((reason: unknown) => reason)
  expect(error).toMatchObject({
    name: 'ClusterError',
    code: 'JOB_ALREADY_RUNS',
    facts: { jobName: 'words', jobId: '11'.padStart(32, '0'), pid: 11, host: 'a', sinceMs, path },
  })
  expect((error as Error).message).toBe(
    `Cannot run job "words": it runs already, as job ${'11'.padStart(32, '0')} in process 11 on a since ` +
      `${new Date(sinceMs).toISOString()}, and keeps its checkpoints in the same directory (lock ${path}). Cancel that one ` +
      'first, or give this one another name or another execution.checkpointing.dir',
  )
})

test('Jobs of other names do not meet, also if their names have the same letters', async () => {
  const world = new World()
  const locks = await Promise.all(['a b', 'a/b', 'a-b', 'ä b'].map((name, i) => world.lock(world.process(i + 1), name)))
  expect(new Set(locks.map(({ path }) => path)).size).toBe(4)
})

test('A lock that is released can be taken by the next run', async () => {
  const world = new World()
  const lock = await world.lock(world.process(11))
  await lock.release()
  await lock.release()
  expect(world.files.files.size).toBe(0)
  await world.lock(world.process(12))
  expect(world.files.files.size).toBe(1)
})

test('The lock of a process that is dead is taken over at once', async () => {
  const world = new World()
  await world.lock(world.process(11))
  world.kill(11)
  await world.lock(world.process(12))
  expect([...world.files.files.values()].map(({ text }) => (JSON.parse(text) as { pid: number }).pid)).toEqual([12])
  expect(world.log).toEqual(['The lock of the job is taken over: the run that held it is gone'])
})

test('The lock of a process whose pid another one has now is taken over', async () => {
  const world = new World()
  await world.lock(world.process(11, 'before'))
  world.process(11, 'after')
  await world.lock(world.process(12))
  await expect(world.lock(world.process(13))).rejects.toMatchObject({ code: 'JOB_ALREADY_RUNS', facts: { pid: 12 } })
})

test('Where the system does not tell when processes started, heartbeats decide', async () => {
  const world = new World()
  await world.lock({ ...world.process(11), startedAt: undefined })
  await world.pass(300_000)
  const other = { ...world.process(12), startedAt: undefined }
  await expect(world.lock(other)).rejects.toMatchObject({ code: 'JOB_ALREADY_RUNS' })

  const silent = new World()
  const lock = await silent.lock({ ...silent.process(11), startedAt: undefined })
  silent.files.touch = async () => {}
  await silent.pass(61_000)
  await silent.lock({ ...silent.process(12), startedAt: undefined })
  await silent.pass(10_000)
  expect(silent.log).toContain('The lock of the job was removed or taken over: another run may use its checkpoints')
  await lock.release()
  expect(silent.files.files.size).toBe(1)
})

test('The owner on another machine holds its lock as long as its heart beats', async () => {
  const world = new World()
  await world.lock(world.process(11, 'start', 'b'))
  world.kill(11, 'b')
  await world.pass(50_000)
  await expect(world.lock(world.process(12))).rejects.toMatchObject({ facts: { host: 'b' } })
  world.files.touch = async () => {}
  await world.pass(61_000)
  await world.lock(world.process(12))
})

test('A lock that cannot be read is waited for if it is new, and taken over if it is old', async () => {
  const world = new World()
  const lock = await world.lock(world.process(11))
  world.files.files.set(lock.path, { text: '', modifiedMs: world.clock.now() })
  await expect(world.lock(world.process(12))).rejects.toMatchObject({ code: 'LOCK_FAILED' })
  await world.pass(5_000)
  await world.lock(world.process(12))
})

test('Of many that find the same owner gone at once, one gets the lock, whatever the order of their steps', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const world = new World()
    await world.lock(world.process(1))
    world.kill(1)
    let state = seed
    world.files.meanwhile = async () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      for (let turns = (state >>> 16) % 7; turns > 0; turns--) await Promise.resolve()
    }
    const tries = [2, 3, 4].map((pid) => world.lock(world.process(pid)))
    const outcomes = await Promise.allSettled(tries)
    expect({ seed, winners: outcomes.filter(({ status }) => status === 'fulfilled').length }).toEqual({
      seed,
      winners: 1,
    })
    expect({ seed, files: world.files.files.size }).toEqual({ seed, files: 1 })
  }
})

test('A takeover whose owner was killed within it does not stand in the way', async () => {
  const world = new World()
  const { path } = await world.lock(world.process(11))
  world.files.files.set(`${path}.takeover`, world.files.files.get(path)!)
  world.kill(11)
  await world.lock(world.process(12))
  expect([...world.files.files.keys()]).toEqual([path])
})
