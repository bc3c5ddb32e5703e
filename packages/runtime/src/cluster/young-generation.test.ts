import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { giveThreadsYoungGeneration } from './young-generation.ts'

/** What a new thread has committed for young objects after it has made a few megabytes of garbage. */
async function youngBytesOfThread(): Promise<number> {
  const code = `const { parentPort } = require('node:worker_threads')
    let last
    for (let i = 0; i < 300_000; i++) last = { i }
    const { getHeapSpaceStatistics } = require('node:v8')
    parentPort.postMessage(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size)`
  const worker = new Worker(code, { eval: true })
  const bytes = await new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await worker.terminate()
  return bytes
}

test('A thread starts with all the room for young objects, unless Node was given a size for it', async () => {
  const bytesBefore = await youngBytesOfThread()
  giveThreadsYoungGeneration(['--max-semi-space-size=4'])
  expect(await youngBytesOfThread()).toBe(bytesBefore)
  giveThreadsYoungGeneration(['--enable-source-maps'])
  expect(await youngBytesOfThread()).toBeGreaterThan(8 * 1024 * 1024)
})
