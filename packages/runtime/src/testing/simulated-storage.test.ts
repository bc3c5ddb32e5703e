import { expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { NO_STORAGE_FAULTS, SimulatedStorage, type StorageFaults } from './simulated-storage.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const text = (content: Uint8Array | undefined) => content && Buffer.from(content).toString()

function world(faults: Partial<StorageFaults> = {}, seed = 1) {
  const clock = new SimulatedClock()
  const storage = new SimulatedStorage({
    clock,
    random: new SeededRandom(seed),
    faults: { ...NO_STORAGE_FAULTS, ...faults },
  })
  /** Lets time pass until the operation has ended. */
  const done = async <T>(operation: Promise<T>): Promise<T> => {
    let settled = false
    const settle = () => {
      settled = true
    }
    operation.then(settle, settle)
    while (!settled) {
      await new Promise((resolve) => setImmediate(resolve))
      if (!settled && Number.isFinite(clock.nextDueMs())) clock.advanceTo(clock.nextDueMs())
    }
    return operation
  }
  const reason = (operation: Promise<unknown>) =>
    done(operation).then(
      () => 'done',
      (error: unknown) => (error instanceof SnapshotError ? `${error.code}: ${error.message}` : error),
    )
  const texts = () => Object.fromEntries([...storage.files()].map(([path, content]) => [path, text(content)]))
  return { clock, storage, done, reason, texts }
}

test('A simulated disk keeps files in directories, reads parts of them, and removes them', async () => {
  const { storage, done, texts } = world()
  await done(storage.makeDirectory('/a/b'))
  await done(storage.write('/a/b/one', [bytes('on'), bytes('e')]))
  await done(storage.publish('/a/two', [bytes('two')]))
  expect(texts()).toEqual({ '/a/b/one': 'one', '/a/two': 'two' })
  expect(await done(storage.list('/a'))).toEqual(['b', 'two'])
  expect(await done(storage.list('/'))).toEqual(['a'])
  expect(await done(storage.list('/c'))).toEqual([])
  expect(text(await done(storage.read('/a/b/one', 1, 2)))).toBe('ne')
  expect(await done(storage.sizeOf('/a/b/one'))).toBe(3)
  expect(await done(storage.sizeOf('/a/b'))).toBeUndefined()
  await done(storage.remove('/a/b'))
  await done(storage.remove('/a/b'))
  expect(await done(storage.list('/a'))).toEqual(['two'])
})

test('A simulated disk refuses what a file system refuses, and names the path', async () => {
  const { storage, done, reason } = world()
  await done(storage.makeDirectory('/a'))
  await done(storage.write('/a/file', [bytes('abc')]))
  expect([
    await reason(storage.write('/a/file', [])),
    await reason(storage.write('/b/file', [])),
    await reason(storage.makeDirectory('/a/file/x')),
    await reason(storage.read('/a/file', 1, 3)),
    await reason(storage.read('/a/none', 0, 1)),
  ]).toEqual([
    'STORAGE_FAILED: Cannot write "/a/file" on the simulated disk: EEXIST: file exists',
    'STORAGE_FAILED: Cannot write "/b/file" on the simulated disk: ENOENT: no such file or directory',
    'STORAGE_FAILED: Cannot makeDirectory "/a/file/x" on the simulated disk: EEXIST: file exists',
    'STORAGE_FAILED: Cannot read "/a/file" on the simulated disk: 3 bytes from 1 of a file of 3',
    'STORAGE_FAILED: Cannot read "/a/none" on the simulated disk: ENOENT: no such file or directory',
  ])
})

test('Operations take virtual time', async () => {
  const { clock, storage, done } = world({ latencyMsMax: 10 })
  await done(storage.makeDirectory('/a'))
  await done(storage.publish('/a/file', [bytes('abc')]))
  expect(clock.monotonicMs()).toBeGreaterThan(1)
  expect(clock.monotonicMs()).toBeLessThan(30)
})

test('Over many seeds a failing write leaves all, a part or nothing, and a failing publish all or nothing', async () => {
  const written = new Set<string | undefined>()
  const published = new Set<string | undefined>()
  for (let seed = 0; seed < 400; seed++) {
    const { storage, done, texts } = world({ failuresPerThousand: 500, failuresMax: 1 }, seed)
    await done(storage.makeDirectory('/a').catch(() => storage.makeDirectory('/a')))
    const isPublished = seed % 2 === 0
    const operation = isPublished ? storage.publish('/a/f', [bytes('abc')]) : storage.write('/a/f', [bytes('abc')])
    const failed = await done(
      operation.then(
        () => false,
        () => true,
      ),
    )
    const content = texts()['/a/f']
    if (!failed) expect(content).toBe('abc')
    else (isPublished ? published : written).add(content)
  }
  expect([...written].toSorted()).toEqual(['', 'a', 'ab', 'abc', undefined])
  expect([...published].toSorted()).toEqual(['abc', undefined])
})

test('Nothing can be written while the disk is full, but all can be read', async () => {
  const { clock, storage, done, reason } = world({ fullPeriods: [{ fromMs: 100, untilMs: 200 }] })
  await done(storage.makeDirectory('/a'))
  await done(storage.write('/a/file', [bytes('abc')]))
  clock.advanceTo(150)
  expect(await reason(storage.write('/a/other', [bytes('abc')]))).toContain('ENOSPC')
  expect(await reason(storage.makeDirectory('/b'))).toContain('ENOSPC')
  expect(text(await done(storage.read('/a/file', 0, 3)))).toBe('abc')
  clock.advanceTo(200)
  expect(await reason(storage.publish('/a/third', [bytes('abc')]))).toBe('done')
})

test('A crash tears what is being written, keeps what was acknowledged, and answers nobody', async () => {
  const left = new Set<string | undefined>()
  for (let seed = 0; seed < 200; seed++) {
    const { clock, storage, done, texts } = world({ latencyMsMax: 10 }, seed)
    await done(storage.makeDirectory('/a'))
    await done(storage.write('/a/kept', [bytes('abc')]))
    const settled: string[] = []
    const settle = (operation: Promise<unknown>) =>
      void operation.then(
        () => settled.push('resolved'),
        () => settled.push('rejected'),
      )
    settle(storage.write('/a/torn', [bytes('abc')]))
    settle(storage.publish('/a/absent', [bytes('abc')]))
    storage.crash()
    clock.advanceTo(10_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(settled).toEqual([])
    left.add(texts()['/a/torn'])
    expect(texts()).toMatchObject({ '/a/kept': 'abc' })
    expect(texts()).not.toHaveProperty('/a/absent')
    // Whoever starts anew finds the same.
    const files = storage.files()
    expect(new SimulatedStorage({ clock, random: new SeededRandom(1), files }).files()).toEqual(files)
  }
  expect([...left].toSorted()).toEqual(['', 'a', 'ab', 'abc', undefined])
})

test('Every operation may fail, but no more often than it was told', async () => {
  const { storage, reason } = world({ failuresPerThousand: 1_000, failuresMax: 5 })
  const operations = () => [
    storage.makeDirectory('/a'),
    storage.list('/a'),
    storage.sizeOf('/a/f'),
    storage.read('/a/f', 0, 1),
    storage.remove('/a'),
  ]
  for (const failed of await Promise.all(operations().map(reason))) expect(failed).toContain('EIO')
  expect(storage.failures).toBe(5)
  expect(await reason(storage.makeDirectory('/a'))).toBe('done')
})

test('The same seed has the same faults', async () => {
  const tell = async () => {
    const { storage, reason } = world({ latencyMsMax: 5, failuresPerThousand: 300, failuresMax: 10 }, 7)
    const told: unknown[] = [await reason(storage.makeDirectory('/a'))]
    for (let i = 0; i < 20; i++) told.push(await reason(storage.publish(`/a/${i}`, [bytes('abc')])))
    return told
  }
  expect(await tell()).toEqual(await tell())
})
