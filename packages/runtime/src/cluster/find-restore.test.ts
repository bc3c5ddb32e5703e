import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Logger } from '../base/logger.ts'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { publishMetadata } from '../snapshot/open-snapshot.ts'
import { findRestore } from './find-restore.ts'
import type { RestoreSettings } from './restore-settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-find-restore-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('A damaged checkpoint that is passed over is warned of, what a killed run left behind is not', async () => {
  const storage = new LocalDirectoryStorage()
  const sound = join(directory, 'a'.repeat(32), 'chk-1')
  const damaged = join(directory, 'a'.repeat(32), 'chk-2')
  const leftBehind = join(directory, 'b'.repeat(32), 'chk-1')
  for (const each of [sound, damaged, leftBehind]) mkdirSync(each, { recursive: true })
  const metadata = { kind: 'checkpoint', checkpointId: 1, timestampMs: 1_000, jobName: 'words', operators: [] } as const
  await publishMetadata(storage, sound, { ...metadata, jobId: 'a'.repeat(32) })
  await storage.publish(join(damaged, '_metadata'), [new Uint8Array([1, 2, 3])])
  const told: string[] = []
  const tell =
    (level: string) =>
    (_: string, facts?: Readonly<Record<string, unknown>>): void =>
      void told.push(`${level} ${String(facts?.path)}`)
  const logger: Logger = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') }
  const settings: RestoreSettings = {
    from: 'resume',
    claimMode: 'NO_CLAIM',
    allowNonRestoredState: false,
    dropState: [],
  }
  await findRestore(settings, { storage, jobName: 'words', directory, logger })
  expect(told).toEqual([`warn ${damaged}`, `debug ${leftBehind}`, `info ${sound}`])
})
