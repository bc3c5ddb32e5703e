import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LocalDirectoryStorage } from './local-directory-storage.ts'

const storage = new LocalDirectoryStorage()
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'storage-'))
})
afterEach(() => rm(directory, { recursive: true }))

test('what is written in many chunks is read back, whole and in parts', async () => {
  const file = join(directory, 'a/b/data')
  await storage.makeDirectory(join(directory, 'a/b'))
  await storage.makeDirectory(join(directory, 'a/b'))
  const chunks = Array.from({ length: 2500 }, (_, i) => new Uint8Array(i % 7).fill(i))
  await storage.write(file, chunks)
  const all = Buffer.concat(chunks)
  expect(await storage.sizeOf(file)).toBe(all.length)
  expect(Buffer.compare(await readFile(file), all)).toBe(0)
  expect(Buffer.compare(await storage.read(file, 1000, 500), all.subarray(1000, 1500))).toBe(0)
  expect(await storage.read(file, all.length, 0)).toEqual(new Uint8Array(0))
})

test('publish replaces a file at once and leaves no temporary one behind', async () => {
  const file = join(directory, '_metadata')
  await storage.publish(file, [Uint8Array.of(1)])
  await storage.publish(file, [Uint8Array.of(2), Uint8Array.of(3)])
  expect(await storage.list(directory)).toEqual(['_metadata'])
  expect([...(await storage.read(file, 0, 2))]).toEqual([2, 3])
})

test('what does not exist is no error to look up, list or remove, and is one to read', async () => {
  const missing = join(directory, 'missing')
  expect([await storage.sizeOf(missing), await storage.list(missing), await storage.remove(missing)]).toEqual([
    undefined,
    [],
    undefined,
  ])
  await expect(storage.read(missing, 0, 1)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: `Cannot read ${missing}: there is no such file or directory (ENOENT)`,
    facts: { operation: 'read', path: missing, systemCode: 'ENOENT' },
  })
})

test('a length beyond the end of the file is refused before memory is taken for it', async () => {
  const file = join(directory, 'short')
  await writeFile(file, 'abc')
  await expect(storage.read(file, 1, 2 ** 40)).rejects.toThrow(
    `Cannot read ${2 ** 40} bytes at offset 1 of ${file}: it has 3 bytes.`,
  )
})

test('a path through a file is refused with the remedy', async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')
  await expect(storage.makeDirectory(join(file, 'below'))).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: `Cannot make the directory ${file}/below: a part of the path is a file: choose another directory (ENOTDIR)`,
  })
  await expect(storage.publish(join(file, '_metadata'), [])).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test('a directory is removed with all in it', async () => {
  await storage.makeDirectory(join(directory, 'x/y'))
  await storage.write(join(directory, 'x/y/z'), [Uint8Array.of(1)])
  await storage.remove(join(directory, 'x'))
  expect(await storage.list(directory)).toEqual([])
})

test('a full disk is told with the remedy', async () => {
  // Linux has a device that is always full.
  await expect(storage.write('/dev/full', [Uint8Array.of(1)])).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: 'Cannot write /dev/full: the disk is full: free space, or choose a directory on another disk (ENOSPC)',
    facts: { operation: 'write', path: '/dev/full', systemCode: 'ENOSPC' },
  })
})

test('a directory that takes no others is refused, and is not tried for ever', async () => {
  await expect(storage.makeDirectory('/proc/millrace/savepoints')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})
