import { expect, test } from 'vitest'
import { DiscardSink } from './discard-sink.ts'

test('DiscardSink takes everything at once and keeps nothing', () => {
  const writer = new DiscardSink<number>().createWriter()
  expect([writer.write(1), writer.write(2), writer.flush?.(true), writer.close?.()]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
