import { describe, expect, test } from 'vitest'
import { AnswerMemory } from './answer-memory.ts'

const mebibyte = 1024 * 1024

describe('AnswerMemory', () => {
  test('memory that was given back is used for the next answer that fits, and none is used twice', () => {
    const memory = new AnswerMemory()
    const small = memory.take(100_000)
    const large = memory.take(3 * mebibyte)
    for (const each of [large, small]) memory.giveBack(each.buffer)
    memory.giveBack(small.buffer)
    const taken = [memory.take(130_000), memory.take(131_072), memory.take(100)]
    expect(taken.map(({ length }) => length)).toEqual([130_000, 131_072, 100])
    expect(taken.map(({ buffer }) => [small.buffer, large.buffer].indexOf(buffer))).toEqual([0, 1, -1])
  })

  test('memory from elsewhere is not taken, nor more than is worth keeping', () => {
    const memory = new AnswerMemory()
    const other = Buffer.allocUnsafeSlow(mebibyte)
    memory.giveBack(other.buffer)
    const answers = Array.from({ length: 5 }, () => memory.take(8 * mebibyte))
    for (const { buffer } of answers) memory.giveBack(buffer)
    const again = Array.from({ length: 5 }, () => memory.take(mebibyte).buffer)
    const kept = answers.slice(0, 4).map(({ buffer }) => buffer)
    expect(again.slice(0, 4).every((buffer) => kept.includes(buffer))).toBe(true)
    expect([...kept, other.buffer]).not.toContain(again[4])
  })
})
