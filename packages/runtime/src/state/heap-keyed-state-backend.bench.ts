// Run by `node heap-keyed-state-backend.bench.ts`: one subtask with a million keys; nanoseconds a key.
import { SystemClock } from '../base/clock.ts'
import { HeapKeyedStateBackend } from './heap-keyed-state-backend.ts'
import { ValueStateDescriptor } from './state-descriptor.ts'

const keyCount = 1_000_000
const backend = (): HeapKeyedStateBackend =>
  new HeapKeyedStateBackend({
    operatorName: 'Sum',
    keyGroupRange: { start: 0, end: 127 },
    maxParallelism: 128,
    registry: undefined,
    clock: new SystemClock(),
  })

async function measure(name: string, keyOf: (i: number) => unknown, valueAt: (i: number) => unknown): Promise<void> {
  const keys = Array.from({ length: keyCount }, (_, i) => keyOf(i))
  for (let round = 0; round < 3; round++) {
    const first = backend()
    const state = first.valueState(new ValueStateDescriptor<unknown>('value'))
    const times: string[] = []
    let before = performance.now()
    const lap = (what: string): void => {
      const ns = ((performance.now() - before) * 1e6) / keyCount
      times.push(`${what} ${ns.toFixed(0)} ns`)
      before = performance.now()
    }
    for (let i = 0; i < keyCount; i++) {
      first.setCurrentKey(keys[i])
      state.update(valueAt(i))
    }
    lap('create')
    for (let i = 0; i < keyCount; i++) {
      first.setCurrentKey(keys[(i * 7919) % keyCount])
      if (state.value() !== undefined) state.update(valueAt(i))
    }
    lap('read and update')
    const snapshot = first.snapshot()!
    lap('snapshot')
    const next = backend()
    const byteCount = snapshot.keyGroups.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const keyGroups = snapshot.keyGroups.map((each) => ({ ...each, offset: 0, length: each.bytes.length, checksum: 0 }))
    await next.restore(
      [{ location: { kind: 'inline', bytes: new Uint8Array() }, states: snapshot.states, keyGroups }],
      async (_, index) => snapshot.keyGroups[index]!.bytes,
      async () => {},
    )
    lap('restore')
    console.log(`${name}: ${times.join(', ')}; ${(byteCount / 1e6).toFixed(1)} MB`)
  }
}

await measure(
  'texts, numbers',
  (i) => `user-${i}`,
  (i) => i % 1_000,
)
await measure(
  'texts, records',
  (i) => `user-${i}`,
  (i) => ({ key: `user-${i}`, value: i % 1_000, payload: 'abcdefghijklmnopqrst' }),
)
await measure(
  'integers, numbers',
  (i) => i,
  (i) => i % 1_000,
)
