import { assert } from '../base/assert.ts'
import type { Random } from '../base/random.ts'
import { keyGroupOf, subtaskIndexForKeyGroup } from '../keys/key-group.ts'
import { previewRecord } from '../record/preview.ts'
import type { SegmentEncoder } from '../record/segment-codec.ts'
import { ExchangeError } from './exchange-error.ts'

/** How the records of an edge are shared out among the channels of one producer subtask. */
export type RecordPartitioning<T> =
  | { readonly ship: 'FORWARD' | 'REBALANCE' | 'RESCALE' | 'SHUFFLE' | 'GLOBAL' | 'BROADCAST' }
  | {
      readonly ship: 'HASH'
      readonly keySelector: (record: T) => unknown
      /** Of the consuming vertex. */
      readonly maxParallelism: number
    }
  | {
      readonly ship: 'CUSTOM'
      readonly keySelector: (record: T) => unknown
      readonly partitioner: (key: unknown, channelCount: number) => number
    }

/** What an emit function works on. */
export interface EmitTarget<T> {
  readonly encoders: readonly SegmentEncoder<T>[]
  /** By channel: 1 while its encoder has a segment open. */
  readonly openFlags: Uint8Array
  readonly channels: readonly { writeSlow(record: T): void; flush(): void }[]
  /** Whether each record is sent at once (buffer time-out 0). */
  readonly flushEach: boolean
  readonly random: Random
  readonly describe: () => string
}

let compiledCount = 0

/**
 * Makes the function that takes each record of one writer. It is compiled from text of its own, with a name of its own,
 * because V8 shares type feedback among functions of the same text: an emit function shared by two edges would call key
 * selectors and encoders megamorphically.
 */
export function compileEmit<T>(partitioning: RecordPartitioning<T>, target: EmitTarget<T>): (record: T) => void {
  const { encoders, openFlags, channels, flushEach, random, describe } = target
  const channelCount = channels.length
  const parameters: Record<string, unknown> = { encoders, openFlags, channels, channelCount, random }
  let state = ''
  let body: string
  switch (partitioning.ship) {
    case 'FORWARD':
    case 'GLOBAL':
      body = `const channel = 0; ${write(flushEach)}`
      break
    case 'REBALANCE':
    case 'RESCALE':
      // Flink: REBALANCE starts anywhere, lest all producers begin with the same consumer; RESCALE starts at its first.
      parameters.first = partitioning.ship === 'REBALANCE' ? random.below(channelCount) : 0
      state = 'let next = first'
      body = `const channel = next; next = channel + 1 === channelCount ? 0 : channel + 1; ${write(flushEach)}`
      break
    case 'SHUFFLE':
      body = `const channel = random.below(channelCount); ${write(flushEach)}`
      break
    case 'BROADCAST':
      body = `for (let channel = 0; channel < channelCount; channel++) { ${write(flushEach)} }`
      break
    case 'HASH':
      parameters.keySelector = partitioning.keySelector
      parameters.maxParallelism = partitioning.maxParallelism
      parameters.keyGroupOf = keyGroupOf
      parameters.channelOfKeyGroup = channelsOfKeyGroups(partitioning.maxParallelism, channelCount)
      parameters.fail = (record: T, cause: unknown): never => failKey(describe(), record, cause)
      body = `
        let channel
        try {
          channel = channelOfKeyGroup[keyGroupOf(keySelector(record), maxParallelism)]
        } catch (cause) {
          fail(record, cause)
        }
        ${write(flushEach)}`
      break
    case 'CUSTOM':
      parameters.keySelector = partitioning.keySelector
      parameters.partitioner = partitioning.partitioner
      parameters.fail = (record: T, cause: unknown): never => failPartitioner(describe(), record, cause)
      parameters.failRange = (record: T, answer: unknown): never => failRange(describe(), record, answer, channelCount)
      body = `
        let channel
        try {
          channel = partitioner(keySelector(record), channelCount)
        } catch (cause) {
          fail(record, cause)
        }
        if (!(channel >= 0 && channel < channelCount && (channel | 0) === channel)) failRange(record, channel)
        ${write(flushEach)}`
  }
  const make = new Function(
    ...Object.keys(parameters),
    `'use strict'; ${state}
      return function emit(record) { ${body} }
      //# sourceURL=millrace:emit/${partitioning.ship}-${++compiledCount}`,
  )
  return make(...Object.values(parameters)) as (record: T) => void
}

function write(flushEach: boolean): string {
  const writing =
    'if (openFlags[channel] === 0 || !encoders[channel].write(record)) channels[channel].writeSlow(record)'
  return flushEach ? `${writing}; channels[channel].flush()` : writing
}

/** A table instead of a multiplication and a division for each record. */
function channelsOfKeyGroups(maxParallelism: number, parallelism: number): Uint16Array {
  assert(parallelism <= maxParallelism, () => `${parallelism} subtasks share ${maxParallelism} key groups`)
  return Uint16Array.from({ length: maxParallelism }, (_, keyGroup) =>
    subtaskIndexForKeyGroup(keyGroup, maxParallelism, parallelism),
  )
}

function failKey(edge: string, record: unknown, cause: unknown): never {
  const preview = previewRecord(record)
  throw new ExchangeError(
    'KEY_SELECTION_FAILED',
    `Cannot tell the key of a record for ${edge}: ${messageOf(cause)}. The record: ${preview}`,
    { edge, record: preview },
    { cause },
  )
}

function failPartitioner(edge: string, record: unknown, cause: unknown): never {
  const preview = previewRecord(record)
  throw new ExchangeError(
    'PARTITIONER_FAILED',
    `Cannot choose a channel for ${edge}: the key selector or the partitioner threw ${messageOf(cause)}. ` +
      `The record: ${preview}`,
    { edge, record: preview },
    { cause },
  )
}

function failRange(edge: string, record: unknown, answer: unknown, channelCount: number): never {
  const preview = previewRecord(record)
  throw new ExchangeError(
    'PARTITION_OUT_OF_RANGE',
    `Cannot send a record along ${edge}: the partitioner answered ${previewRecord(answer)}; ` +
      `it must answer an integer from 0 to ${channelCount - 1}. The record: ${preview}`,
    { edge, record: preview, answer, channelCount },
  )
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : previewRecord(cause)
}
