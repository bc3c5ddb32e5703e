import { describe, expect, test } from 'vitest'
import { AnswerMemory } from '../connection/answer-memory.ts'
import { RecordBatchBuilder } from '../record-batch/record-batch-builder.ts'
import { PartitionFetch } from './partition-fetch.ts'
import { SharedAnswer } from './shared-answer.ts'

describe('What two partitions share of an answer', () => {
  test('is used again when both have read it as text, or as copies', () => {
    const { first, second, isGivenBack } = answerOfTwo()
    const texts = [first, second].map((each) => {
      each.advance()
      return [each.cursor.valueText(), each.cursor.valueCopy(), each.cursor.keyCopy()]
    })
    const key = Uint8Array.from(Buffer.from('key'))
    expect([texts, first.advance(), isGivenBack(), second.advance(), isGivenBack()]).toEqual([
      [
        ['a', Uint8Array.of(0x61), key],
        ['b', Uint8Array.of(0x62), key],
      ],
      false,
      false,
      false,
      true,
    ])
  })

  test('stays as it is where bytes of it were handed out', () => {
    for (const part of ['key', 'value', 'headers'] as const) {
      const { first, second, isGivenBack } = answerOfTwo()
      first.advance()
      first.cursor[part]()
      first.advance()
      second.drop()
      expect([part, isGivenBack()]).toEqual([part, false])
    }
  })

  test('is used again when neither wants it any more', () => {
    const { first, second, isGivenBack } = answerOfTwo()
    first.advance()
    first.jumpTo(7)
    second.fail(new Error('gone'))
    expect(isGivenBack()).toBe(true)
  })
})

function answerOfTwo() {
  const memory = new AnswerMemory()
  const batches = ['a', 'b'].map((value) => {
    const builder = new RecordBatchBuilder()
    builder.append(0, 'key', value, [{ key: 'header', value: null }])
    return builder.seal({ compression: 'none', producerId: -1, epoch: -1, baseSequence: -1, isTransactional: false })
  })
  const answer = memory.take(100_000)
  const shared = new SharedAnswer(memory)
  let at = 0
  const [first, second] = batches.map((batch, partition) => {
    const state = new PartitionFetch({ topic: 'topic', partition, offset: 0 }, true)
    const records = answer.subarray(at, at + batch.copy(answer, at))
    at += batch.length
    const offsets = { highWatermark: 1, lastStableOffset: 1, logStartOffset: 0 }
    state.take({ partition, error: 0, ...offsets, aborted: [], preferredReplica: -1, records }, shared)
    return state
  })
  shared.release(false)
  return {
    first: first!,
    second: second!,
    isGivenBack: (): boolean => memory.take(answer.length).buffer === answer.buffer,
  }
}
