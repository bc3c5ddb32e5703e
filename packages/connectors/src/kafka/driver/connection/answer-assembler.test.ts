import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerAssembler } from './answer-assembler.ts'
import { AnswerMemory } from './answer-memory.ts'

describe('AnswerAssembler', () => {
  test('answers come whole and in order, however the socket cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(40), fc.constantFrom(65_531, 65_532, 65_533, 200_000)), { maxLength: 12 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300_000 })), { minLength: 1 }),
        (lengths, reads) => {
          const bytes = Buffer.concat(lengths.map((length, i) => answerOf(length, i + 1)))
          const answers = assembled(bytes, reads)
          expect(answers.map((answer) => answer.length - 4)).toEqual(lengths)
          expect(Buffer.concat(answers).equals(bytes)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('what cannot be an answer is passed on as it comes', () => {
    const noise = Buffer.from('HTTP/1.1 400 Bad Request')
    expect(assembled(noise, [7, 100])).toEqual([noise.subarray(0, 7), noise.subarray(7)])
  })
})

function answerOf(length: number, fill: number): Buffer {
  const answer = Buffer.alloc(4 + length, fill)
  answer.writeInt32BE(length)
  return answer
}

/** As a socket does: each read takes no more than there is room for. The sizes of reads are repeated. */
function assembled(bytes: Buffer, reads: readonly number[]): Buffer[] {
  const answers: Buffer[] = []
  const assembler = new AnswerAssembler(new AnswerMemory(), (answer) => answers.push(answer))
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const room = assembler.room()
    const count = Math.min(reads[i % reads.length]!, room.length, bytes.length - at)
    bytes.copy(room, 0, at, at + count)
    at += count
    assembler.take(count)
  }
  return answers
}
