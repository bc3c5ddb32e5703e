import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { SharedDoorbell } from '../../../packages/runtime/src/exchange/doorbell.ts'
import { allocateGateMemory } from '../../../packages/runtime/src/exchange/gate-memory.ts'
import type { ExchangeThreadResult, ExchangeThreadTask } from './exchange-thread.ts'

const settings = [
  { name: 'full segments, no floating ones', exclusiveSegments: 1, floatingSegments: 0, bufferTimeoutMs: -1 },
  { name: 'the usual segments', exclusiveSegments: 2, floatingSegments: 8, bufferTimeoutMs: 1 },
  { name: 'a segment for each record', exclusiveSegments: 2, floatingSegments: 1, bufferTimeoutMs: 0 },
]

for (const { name, exclusiveSegments, floatingSegments, bufferTimeoutMs } of settings) {
  test(`two threads exchange records in order and always wake each other: ${name}`, async () => {
    const records = 20_000
    const shared = {
      memory: allocateGateMemory({ channelCount: 1, exclusiveSegments, floatingSegments, segmentBytes: 256 }),
      producerBell: SharedDoorbell.allocate().words,
      consumerBell: SharedDoorbell.allocate().words,
      records,
      bufferTimeoutMs,
    }
    const workers = (['producer', 'consumer'] as const).map((role) => startThread({ ...shared, role }))
    const results = await Promise.all(workers.map(resultOf)).finally(() =>
      Promise.all(workers.map((worker) => worker.terminate())),
    )
    expect(results.map((result) => result.records)).toEqual([records, records])
    expect(results.some(({ waits }) => waits > 0)).toBe(true)
  })
}

function startThread(task: ExchangeThreadTask): Worker {
  return new Worker(new URL('./exchange-thread.ts', import.meta.url), { workerData: task })
}

async function resultOf(worker: Worker): Promise<ExchangeThreadResult> {
  const [result] = (await once(worker, 'message')) as [ExchangeThreadResult]
  return result
}
