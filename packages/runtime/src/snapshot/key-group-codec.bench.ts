// Run by `node key-group-codec.bench.ts`: nanoseconds an entry, and bytes, of a million texts with small numbers.
import { KeyGroupReader, KeyGroupsWriter } from './key-group-codec.ts'

const keyCount = 1_000_000
const keyGroups = 128
const form = { kind: 'value', hasTtl: false } as const
const keys = Array.from({ length: keyCount }, (_, i) => `user-${i}`)

for (let round = 0; round < 4; round++) {
  const start = performance.now()
  const writer = new KeyGroupsWriter(0)
  writer.startState(form)
  for (let i = 0; i < keyCount; i++) {
    writer.startKey(i & (keyGroups - 1), keys[i])
    writer.value(i % 1000, 0)
  }
  const blocks = writer.finish()
  const written = performance.now()
  const reader = new KeyGroupReader()
  let sum = 0
  for (const { bytes } of blocks) {
    reader.start(bytes, [form])
    while (reader.next()) sum += reader.value() as number
  }
  const read = performance.now()
  const byteCount = blocks.reduce((total, { bytes }) => total + bytes.length, 0)
  const each = (ms: number): string => `${((ms * 1e6) / keyCount).toFixed(0)} ns`
  console.log(`write ${each(written - start)}, read ${each(read - written)}, ${byteCount} bytes, sum ${sum}`)
}
