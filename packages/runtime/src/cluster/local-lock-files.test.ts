import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, expect, test } from 'vitest'
import { LocalLockFiles } from './local-lock-files.ts'
import { SystemProcessTable } from './system-process-table.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-lock-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('Of many that make the same lock, one does, with its own text, and nothing is left behind', async () => {
  const files = new LocalLockFiles()
  const path = join(directory, 'new', 'a.lock')
  const made = await Promise.all(Array.from({ length: 8 }, (_, i) => files.create(path, `${i}`)))
  expect(made.filter((isMade) => isMade)).toHaveLength(1)
  expect((await files.read(path))?.text).toBe(String(made.indexOf(true)))
  expect(readdirSync(join(directory, 'new'))).toEqual(['a.lock'])
})

test('A lock can be touched and removed, and what does not exist is no error', async () => {
  const files = new LocalLockFiles()
  const path = join(directory, 'b.lock')
  await files.touch(path, 1_000)
  await files.remove(path)
  expect(await files.read(path)).toBeUndefined()
  await files.create(path, 'text')
  await files.touch(path, 1_500)
  expect(await files.read(path)).toEqual({ text: 'text', modifiedMs: 1_500 })
  await files.remove(path)
  expect(await files.read(path)).toBeUndefined()
})

test('A directory that cannot be written is named', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, '')
  await expect(new LocalLockFiles().create(join(file, 'c.lock'), '')).rejects.toMatchObject({
    code: 'LOCK_FAILED',
    facts: { path: join(file, 'c.lock') },
  })
})

test('A process is alive while it runs, and no longer; a later one of the same pid is not it', async () => {
  const table = new SystemProcessTable()
  expect([table.pid, table.isAlive(process.pid, table.startedAt)]).toEqual([process.pid, true])
  if (table.startedAt !== undefined) expect(table.isAlive(process.pid, `${table.startedAt}0`)).toBe(false)
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  expect(table.isAlive(child.pid!, undefined)).toBe(false)
})
