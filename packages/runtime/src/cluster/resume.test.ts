import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { publishMetadata } from '../snapshot/open-snapshot.ts'
import type { SnapshotMetadata } from '../snapshot/snapshot.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import { findNewestCheckpoint } from './resume.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-resume-'))
afterAll(() => rmSync(root, { recursive: true }))
const storage = new LocalDirectoryStorage()
const first = 'a'.repeat(32)
const second = 'b'.repeat(32)
let count = 0

class Checkpoints {
  readonly directory = join(root, String(count++))

  async add(path: string, timestampMs: number, more: Partial<SnapshotMetadata> = {}): Promise<void> {
    const directory = join(this.directory, path)
    await storage.makeDirectory(directory)
    const kind = path.includes('chk-') ? 'checkpoint' : 'savepoint'
    const jobId = first
    const metadata = { kind, checkpointId: 1, timestampMs, jobId, jobName: 'words', operators: [], ...more } as const
    await publishMetadata(storage, directory, metadata)
  }

  /** Paths relative to the directory. */
  async find(): Promise<{
    readonly newest: string | undefined
    readonly skipped: Readonly<Record<string, string>>
    readonly leftOver?: readonly string[]
  }> {
    const { newest, skipped, leftOver } = await findNewestCheckpoint(storage, this.directory, 'words')
    const relative = (path: string) => path.slice(this.directory.length + 1)
    return {
      newest: newest && relative(newest.path),
      skipped: Object.fromEntries(skipped.map(({ path, reason }) => [relative(path), reason])),
      ...(leftOver.length > 0 && { leftOver: leftOver.map(relative) }),
    }
  }
}

test('The newest checkpoint of all runs of the job is found, by the time when it was triggered, then by its id', async () => {
  const checkpoints = new Checkpoints()
  await checkpoints.add(`${first}/chk-9`, 1_000, { checkpointId: 9 })
  await checkpoints.add(`${second}/chk-3`, 2_000, { checkpointId: 3 })
  await checkpoints.add(`${second}/chk-4`, 2_000, { checkpointId: 4 })
  await checkpoints.add(`${second}/chk-10`, 1_500, { checkpointId: 10 })
  expect(await checkpoints.find()).toEqual({ newest: `${second}/chk-4`, skipped: {} })
})

test('Checkpoints of other jobs in the same directory do not count, whole or not', async () => {
  const checkpoints = new Checkpoints()
  await checkpoints.add(`${first}/chk-1`, 1_000)
  await checkpoints.add(`${second}/chk-1`, 2_000, { jobName: 'letters' })
  mkdirSync(join(checkpoints.directory, second, 'chk-2'))
  expect(await checkpoints.find()).toEqual({ newest: `${first}/chk-1`, skipped: {} })
})

test('Savepoints that are kept there count', async () => {
  const checkpoints = new Checkpoints()
  await checkpoints.add(`${first}/chk-1`, 1_000)
  await checkpoints.add('savepoint-aaaaaa-0123456789ab', 3_000)
  await checkpoints.add(`${first}/savepoint-aaaaaa-ba9876543210`, 2_000)
  expect(await checkpoints.find()).toEqual({ newest: 'savepoint-aaaaaa-0123456789ab', skipped: {} })
})

test('One that is damaged is skipped, with the reason; one that was never completed is left over', async () => {
  const checkpoints = new Checkpoints()
  await checkpoints.add(`${first}/chk-1`, 1_000)
  await checkpoints.add(`${first}/chk-2`, 2_000)
  mkdirSync(join(checkpoints.directory, first, 'chk-3'))
  const damaged = join(checkpoints.directory, first, 'chk-2', '_metadata')
  const bytes = readFileSync(damaged)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(damaged, bytes)
  mkdirSync(join(checkpoints.directory, second, 'chk-1'), { recursive: true })
  expect(await checkpoints.find()).toEqual({
    newest: `${first}/chk-1`,
    skipped: {
      [`${first}/chk-2`]: expect.stringContaining(damaged),
      // Nobody knows whose that is.
      [`${second}/chk-1`]: 'it was never completed: it has no _metadata',
    },
    leftOver: [`${first}/chk-3`],
  })
})

test('Where there is nothing, or no directory, nothing is found', async () => {
  const checkpoints = new Checkpoints()
  expect(await checkpoints.find()).toEqual({ newest: undefined, skipped: {} })
  mkdirSync(join(checkpoints.directory, first), { recursive: true })
  writeFileSync(join(checkpoints.directory, 'job-words-0123456789ab.lock'), '')
  expect(await checkpoints.find()).toEqual({ newest: undefined, skipped: {} })
})

test('A checkpoint that cannot be read now is no reason to go on from an older one', async () => {
  const checkpoints = new Checkpoints()
  await checkpoints.add(`${first}/chk-1`, 1_000)
  await checkpoints.add(`${first}/chk-2`, 2_000)
  class Unreadable extends LocalDirectoryStorage {
    override async read(path: string, offset: number, length: number): Promise<Uint8Array> {
      if (path.includes('chk-2')) throw new SnapshotError('STORAGE_FAILED', `Cannot read ${path}: EIO`)
      return super.read(path, offset, length)
    }
  }
  const found = findNewestCheckpoint(new Unreadable(), checkpoints.directory, 'words')
  await expect(found).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})
