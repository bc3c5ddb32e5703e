import { createHash } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { loadPlan } from './load-plan.ts'

test('A bundle that is not the one that was submitted is refused before it is imported', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'job.mjs')
  writeFileSync(path, 'throw new Error("imported")')
  const job = {
    bundleUrl: pathToFileURL(path).href,
    bundleSha256: createHash('sha256').update('another').digest('hex'),
    args: [],
    configuration: {},
    parallelism: undefined,
    maxParallelisms: {},
    fingerprint: '',
    operators: [],
  }
  await expect(loadPlan(job)).rejects.toMatchObject({ code: 'BUNDLE_CHANGED' })
})
