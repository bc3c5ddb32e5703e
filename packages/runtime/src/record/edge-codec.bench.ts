// Run by `node edge-codec.bench.ts`: nanoseconds to encode and to decode a record, one thread, 32 KiB segments.
import { createEdgeCodec, type EdgeCodec } from './edge-codec.ts'
import type { SegmentView } from './segment-codec.ts'
import { Types } from './types.ts'

const bytesEach = 32 * 1024
const recordsEach = 1 << 21

function segment(): SegmentView {
  const memory = new SharedArrayBuffer(bytesEach)
  return { bytes: new Uint8Array(memory), int32: new Int32Array(memory), float64: new Float64Array(memory) }
}

function measure(name: string, codec: EdgeCodec<unknown>, make: (i: number) => unknown): void {
  const records = Array.from({ length: 4096 }, (_, i) => make(i))
  const encoder = codec.encoder()
  const decoder = codec.decoder()
  const view = segment()
  const times = { encode: 0, decode: 0, bytes: 0 }
  let received = 0
  let last: unknown
  const onRecord = (record: unknown): void => {
    received++
    last = record
  }
  const availability = { stop: false }
  let best = { encode: Infinity, decode: Infinity }
  for (let round = 0; round < 4; round++) {
    times.encode = times.decode = times.bytes = 0
    for (let i = 0; i < recordsEach; ) {
      const start = performance.now()
      encoder.open(view)
      while (encoder.write(records[i & 4095])) i++
      const used = encoder.seal()
      const sealed = performance.now()
      decoder.open(view, used)
      decoder.read(onRecord, availability, Infinity)
      times.decode += performance.now() - sealed
      times.encode += sealed - start
      times.bytes += used
    }
    best = { encode: Math.min(best.encode, times.encode), decode: Math.min(best.decode, times.decode) }
  }
  const each = (ms: number): string => ((ms * 1e6) / recordsEach).toFixed(1).padStart(7)
  const size = (times.bytes / recordsEach).toFixed(1)
  console.log(
    `${name.padEnd(28)} encode ${each(best.encode)} ns  decode ${each(best.decode)} ns  ${size} bytes`,
    received > 0 && last !== 0 ? '' : '!',
  )
}

const options = { genericTypes: true, describe: () => 'in the bench' }
const text = (i: number, length: number): string => {
  let made = ''
  for (let k = 0; k < length; k++) made += String.fromCharCode(97 + ((i * 31 + k * 7) % 26))
  return Buffer.from(made).toString()
}

const row = (i: number): unknown => ({ key: i % 1000, value: i, text: text(i, 20) })
const order = (i: number): unknown => ({
  id: i,
  customer: text(i, 12),
  total: i * 1.5,
  items: [0, 1, 2].map((k) => ({ sku: text(i + k, 8), count: k, price: k * 2.25 })),
})
const bid = (i: number): unknown => ({
  auction: i,
  bidder: i * 3,
  price: i * 7,
  channel: text(i, 6),
  url: text(i, 40),
  dateTime: 1.7e12 + i,
  extra: text(i, 50),
})

const only = process.argv[2]
const cases: [string, EdgeCodec<unknown>, (i: number) => unknown][] = [
  ['int, int, text', createEdgeCodec<unknown>(options), row],
  [
    'int, int, text (declared)',
    createEdgeCodec<unknown>({ ...options, type: Types.row({ key: Types.INT, value: Types.INT, text: Types.STRING }) }),
    row,
  ],
  ['words of 5', createEdgeCodec<unknown>(options), (i) => text(i, 5)],
  ['words of 2-9', createEdgeCodec<unknown>(options), (i) => text(i, 2 + (i & 7))],
  ['[word, 1]', createEdgeCodec<unknown>(options), (i) => [text(i, 5), 1]],
  ['{word, count}', createEdgeCodec<unknown>(options), (i) => ({ word: text(i, 5), count: 1 })],
  ['integers', createEdgeCodec<unknown>(options), (i) => i],
  ['bid', createEdgeCodec<unknown>(options), bid],
  ['nested order', createEdgeCodec<unknown>(options), order],
  ['alternating shapes', createEdgeCodec<unknown>(options), (i) => (i & 1 ? row(i) : { id: i, name: text(i, 8) })],
  ['log lines of 120', createEdgeCodec<unknown>(options), (i) => text(i, 120)],
  ['general (Map)', createEdgeCodec<unknown>(options), (i) => new Map([[i, text(i, 5)]])],
]
for (const [name, codec, make] of cases) if (only === undefined || name.includes(only)) measure(name, codec, make)
