import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { publishMetadata } from '../snapshot/open-snapshot.ts'
import type { SnapshotMetadata } from '../snapshot/snapshot.ts'
import { disposeSnapshot } from './dispose-snapshot.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-dispose-'))
afterAll(() => rmSync(root, { recursive: true }))
const storage = new LocalDirectoryStorage()

const metadata: SnapshotMetadata = {
  kind: 'savepoint',
  checkpointId: 1,
  timestampMs: 0,
  jobId: 'a'.repeat(32),
  jobName: 'words',
  operators: [
    {
      operatorId: 'b'.repeat(32),
      uid: 'count',
      name: 'count',
      parallelism: 2,
      maxParallelism: 128,
      coordinator: undefined,
      subtasks: ['0-0', '0-1'].map((path) => ({
        isFinished: false,
        hasEndedInput: false,
        keyed: { location: { kind: 'file', path }, states: [], keyGroups: [] },
        lists: [],
      })),
    },
  ],
}

async function savepoint(name: string): Promise<string> {
  const directory = join(root, name)
  await storage.makeDirectory(directory)
  for (const file of ['0-0', '0-1']) await storage.write(join(directory, file), [Uint8Array.of(1)])
  await publishMetadata(storage, directory, metadata)
  return directory
}

test('A savepoint is removed with its files and its directory, by the directory or its metadata', async () => {
  const directory = await savepoint('whole')
  expect(await disposeSnapshot(storage, directory)).toEqual({ directory, fileCount: 3, left: [] })
  expect(existsSync(directory)).toBe(false)
  expect(await disposeSnapshot(storage, join(await savepoint('whole'), '_metadata'))).toMatchObject({ left: [] })
  expect(existsSync(directory)).toBe(false)
})

test('What is not of the savepoint stays, and the directory with it', async () => {
  const directory = await savepoint('shared')
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  expect(await disposeSnapshot(storage, directory)).toEqual({ directory, fileCount: 3, left: ['notes.txt'] })
  expect(readdirSync(directory)).toEqual(['notes.txt'])
})

test('What is no snapshot, or a damaged one, is left as it is', async () => {
  const directory = await savepoint('damaged')
  const file = join(directory, '_metadata')
  writeFileSync(file, readFileSync(file).subarray(0, -1))
  await expect(disposeSnapshot(storage, directory)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
  expect(readdirSync(directory)).toEqual(['0-0', '0-1', '_metadata'])
  await expect(disposeSnapshot(storage, root)).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
})
