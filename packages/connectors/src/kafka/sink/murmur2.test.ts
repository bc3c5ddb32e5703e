import { expect, test } from 'vitest'
import { murmur2, partitionOfKey } from './murmur2.ts'

/** Text, its hash, and its partition of 100: org.apache.kafka.common.utils.Utils of Kafka 4.3.1, murmur2 and toPositive. */
const vectors: readonly (readonly [key: string, hash: number, partitionOf100: number])[] = [
  ['', 275_646_681, 81],
  ['a', -1_563_381_124, 24],
  ['ab', 316_155_434, 34],
  ['abc', 479_470_107, 7],
  ['abcd', -1_323_649_548, 0],
  ['abcde', 461_995_741, 41],
  ['21', -973_932_308, 40],
  ['foobar', -790_332_482, 66],
  ['a-little-bit-long-string', -985_981_536, 12],
  ['a-little-bit-longer-string', -1_486_304_829, 19],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971, 77],
  ['order:0000000000000000000000000001', -1_806_310_898, 50],
  ['é', 186_971_271, 71],
  ['zürich', 1_564_393_856, 56],
  ['日本語のキー', -734_675_706, 42],
  ['😀', 131_881_617, 17],
  ['a😀b', -1_591_872_719, 29],
  ['\0', 375_494_588, 88],
  ['\u007f\u0080', 10_196_938, 38],
  [Array.from({ length: 3_000 }, (_, i) => 'abcdefghijklmnopqrstuvwxyz'[i % 26]).join(''), 1_224_018_658, 58],
  ['é'.repeat(3_000), -1_399_878_105, 43],
]

test.each(vectors)("The key %j goes where Kafka's Java client puts it", (key, hash, partition) => {
  const bytes = Buffer.from(key)
  expect([murmur2(bytes, bytes.length), partitionOfKey(bytes, 100), partitionOfKey(key, 100)]).toEqual([
    hash,
    partition,
    partition,
  ])
})

test('Bytes of all values are hashed as Java does', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect(murmur2(bytes, 256)).toBe(-1_948_347_274)
  expect(murmur2(Uint8Array.of(255), 1)).toBe(-311_467_685)
  expect(murmur2(Uint8Array.of(128, 255, 128), 3)).toBe(1_160_233_677)
})

test('A lone surrogate is hashed as it is written', () => {
  expect(partitionOfKey('a\ud800', 1_000)).toBe(partitionOfKey(Buffer.from('a\ud800'), 1_000))
})
