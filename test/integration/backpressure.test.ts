import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '@millrace/runtime'
import { describe, expect, test } from 'vitest'

const slowSink = new URL('jobs/slow-sink.job.ts', import.meta.url)
const pushing = new URL('jobs/pushing.job.ts', import.meta.url)

/** Of the jobs' records: a text of 100 characters and an integer. */
const RECORD_BYTES_MIN = 100
const SEGMENT_BYTES = 32 * 1024

describe('A slow sink', () => {
  test.each(['map', 'generator'])('holds a fast source back (%s)', async (how) => {
    await using job = await run(slowSink, { args: [how], parallelism: 2 })
    await sleep(1_500)
    const samples: { ahead: number; taken: number; memoryBytes: number }[] = []
    for (let i = 0; i < 5; i++) {
      await sleep(200)
      // The sink is read first: what is ahead of it can only be overestimated.
      const [, sink] = job.metrics().vertices
      const [source] = job.metrics().vertices
      samples.push({
        ahead: source!.recordsOut - sink!.recordsOut,
        taken: sink!.recordsOut,
        memoryBytes: process.memoryUsage().rss,
      })
    }
    await job.cancel()

    // Two gates of 2 channels with 2 segments each and 8 floating ones; and a segment in the hands of each of the two
    // writers' channels and of each of the two readers. The numbers are up to 50 ms old, so the sinks' are behind.
    const segments = 2 * (2 * 2 + 8) + 2 * 2 + 2
    const bound = Math.ceil((segments * SEGMENT_BYTES) / RECORD_BYTES_MIN) + 2 * 100
    for (const { ahead } of samples) expect(ahead).toBeLessThanOrEqual(bound)
    expect(samples.at(-1)!.taken).toBeGreaterThan(samples[0]!.taken)
    const growth = samples.at(-1)!.memoryBytes - samples[0]!.memoryBytes
    expect(growth).toBeLessThan(64 * 1024 * 1024)
  })
})

describe('Output of one input', () => {
  test('may exceed the channels as far as the overflow goes', async () => {
    await using job = await run(pushing, { args: ['50000'] })
    expect((await job.result).status).toBe('FINISHED')
  })

  test('fails the job beyond that, and the error names the generator form', async () => {
    await using job = await run(pushing, { args: ['50000'], config: { 'pipeline.max-overflow': '1 mb' } })
    await expect(job.result).rejects.toThrow(/operator "Push".*generator \(function\*\).*pipeline\.max-overflow/s)
  })
})
