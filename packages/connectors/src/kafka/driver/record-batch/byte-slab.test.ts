import { expect, test } from 'vitest'
import { ByteSlab } from './byte-slab.ts'

test('Copies of a slab are right and apart from each other, however many there are and however long', () => {
  const slab = new ByteSlab()
  const source = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i % 251))
  const lengths = [0, 1, 100, 2_048, 2_049, 5_000]
  const copies = Array.from({ length: 60 }, (_, i) => {
    const start = i % 7
    const end = Math.min(start + lengths[i % lengths.length]!, source.length)
    return { copy: slab.copy(source, start, end), expected: Uint8Array.from(source.subarray(start, end)) }
  })
  source.fill(0)
  expect(copies.map(({ copy }) => copy)).toEqual(copies.map(({ expected }) => expected))
  copies[0]!.copy.fill(9)
  copies[1]!.copy.fill(9)
  expect(copies.slice(2).map(({ copy }) => copy)).toEqual(copies.slice(2).map(({ expected }) => expected))
})
