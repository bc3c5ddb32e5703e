import { expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import { Configuration } from '../configuration/configuration.ts'
import { silentLogger } from '../testing/connector-contexts.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { SimulatedStorage } from '../testing/simulated-storage.ts'
import type { CompletedSnapshot } from './checkpoint-coordinator-parts.ts'
import type { CheckpointRequest } from './checkpoint-request.ts'
import { checkpointSettings } from './checkpoint-settings.ts'
import { CheckpointStore } from './checkpoint-store.ts'

function snapshot(checkpointId: number): CompletedSnapshot {
  // Only its number and its place matter here.
  return { metadata: { checkpointId }, path: `/checkpoints/chk-${checkpointId}` } as CompletedSnapshot
}

test('A job that ends removes its newest checkpoint last, however slowly an older one goes: who dies meanwhile can resume', async () => {
  const clock = new SimulatedClock()
  const storage = new SimulatedStorage({ clock, random: new SeededRandom(1) })
  const asked: string[] = []
  const slow = Promise.withResolvers<void>()
  storage.remove = async (path) => {
    asked.push(path)
    if (path === '/checkpoints/chk-1/_metadata') await slow.promise
  }
  const entries = { 'execution.checkpointing.dir': '/checkpoints', 'execution.checkpointing.interval': '10 ms' }
  const settings = checkpointSettings(Configuration.empty.with(entries, 'file'), '/')
  const store = new CheckpointStore({ settings, storage, clock, logger: silentLogger })
  const request = { kind: 'checkpoint', stop: 'none', isOwned: true } as unknown as CheckpointRequest
  store.completed(request, snapshot(1))()
  store.completed(request, snapshot(2))()
  const ended = store.end('FINISHED', undefined)
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toEqual(['/checkpoints/chk-1/_metadata'])
  slow.resolve()
  await ended
  expect(asked).toEqual([
    '/checkpoints/chk-1/_metadata',
    '/checkpoints/chk-1',
    '/checkpoints/chk-2/_metadata',
    '/checkpoints/chk-2',
  ])
})
