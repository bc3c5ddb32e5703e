import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { agreedCheckValues, keyedSums, recordCounts, w1 } from './check-values.ts'
import { kafkaRecord } from './kafka-record.ts'
import { below, mix, payload } from './random-numbers.ts'
import { createWordAt, wordOfRank } from './words-text.ts'

interface Vectors {
  readonly mix: readonly {
    readonly i: number
    readonly salt: number
    readonly mix: number
    readonly below1000: number
  }[]
  readonly payloads: readonly string[]
  readonly w2: readonly (readonly [i: number, key: number, value: number, payload: string])[]
  readonly w3: readonly string[]
}

const vectors = JSON.parse(readFileSync(new URL('./random-numbers.vectors.json', import.meta.url), 'utf8')) as Vectors

describe('the workloads of the bench', () => {
  test('draw the numbers that other engines draw', () => {
    const drawn = vectors.mix.map(({ i, salt }) => ({ i, salt, mix: mix(i, salt), below1000: below(i, salt, 1000) }))
    expect(drawn).toEqual(vectors.mix)
  })

  test('W2 has the records that other engines have', () => {
    const records = vectors.w2.map(([i]) => [i, below(i, 1, 10_000), below(i, 2, 1_000), payload(i)])
    expect(records).toEqual(vectors.w2)
    expect(new Set(Array.from({ length: 1_000 }, (_, i) => payload(i)))).toEqual(new Set(vectors.payloads))
  })

  test('W3 has the words that other engines have', () => {
    expect([0, 1, 2, 3, 100, 19_999].map(wordOfRank)).toEqual(vectors.w3)
    const wordAt = createWordAt()
    expect(Array.from({ length: 10 }, (_, n) => wordAt(n)).join(' ')).toBe('ab zvb km rrlm dnff trm lau pge mzke cs')
  })

  test('W6 has the records that other engines have, each of 100 bytes', () => {
    expect([0, 7_999_999].map(kafkaRecord)).toEqual([
      '{"id":0,"user":"user-61927","amount":8009,"ts":1700000000000,"pad":"otetpbjqanusnslvmunxotetpbjqan"}',
      '{"id":7999999,"user":"user-29408","amount":5275,"ts":1700007999999,"pad":"ttiqbpetpioxnjjmfqewttiq"}',
    ])
  })

  test('a plain loop comes to the agreed check values', () => {
    expect(w1(recordCounts.W1)).toEqual(agreedCheckValues.W1)
    expect(keyedSums(recordCounts.W2, 10_000)).toEqual(agreedCheckValues.W2)
    expect(keyedSums(recordCounts.W2b, 1_000_000)).toEqual(agreedCheckValues.W2b)
  })
})
