import type { Cluster } from '../cluster/cluster.ts'
import { addressOf, gaveUp, longWaitMs, unknownTopicGraceMs } from '../cluster/retry.ts'
import { ConnectionLostError } from '../connection/broker-connection.ts'
import { KafkaError } from '../kafka-error.ts'
import type { PartitionAssignment } from '../kafka-fetcher.ts'
import { brokerError, brokerErrorKind, brokerErrors } from '../protocol/broker-errors.ts'
import type { PartitionFetch } from './partition-fetch.ts'

/** Decides what becomes of a partition that could not be fetched: it is asked for again after a while, or rests with an error. */
export class FetchFailures<A extends PartitionAssignment> {
  readonly #cluster: Cluster
  readonly #onRest: (state: PartitionFetch<A>) => void
  #nextNoticeMs = 0

  constructor(cluster: Cluster, onRest: (state: PartitionFetch<A>) => void) {
    this.#cluster = cluster
    this.#onRest = onRest
  }

  /** After an answer with that error for the partition. */
  answered(state: PartitionFetch<A>, error: number): void {
    const { topic, partition, fetchOffset: offset, logStartOffset, highWatermark } = state
    if (state.preferredReplica >= 0) {
      // The replica may lag behind, or be none any more: the leader knows.
      state.preferredReplica = -1
      return
    }
    const isRangeKnown = error === brokerErrors.offsetOutOfRange && logStartOffset >= 0
    const range = isRangeKnown ? ` (it had ${logStartOffset} to ${highWatermark} when last seen)` : ''
    const attempt = `Cannot read topic "${topic}", partition ${partition}, from offset ${offset}${range}`
    const reason = brokerError(attempt, error, { topic, partition, offset })
    if (brokerErrorKind(error).remedy === 'give-up') this.rest(state, reason)
    else this.lost(state, reason)
  }

  /** Tries again after a while, with the leader looked up anew, unless that has been going on for too long. */
  lost(state: PartitionFetch<A>, error: unknown): void {
    const isRetriable = error instanceof ConnectionLostError || error instanceof KafkaError
    const reason = error instanceof Error ? error : new Error(String(error))
    if (!isRetriable || (reason instanceof KafkaError && isFinal(reason))) {
      this.rest(state, reason)
      return
    }
    const now = this.#cluster.context.clock.monotonicMs()
    state.preferredReplica = -1
    this.#cluster.leaders.forget(state)
    state.failingSinceMs ??= now
    const waitedMs = now - state.failingSinceMs
    if (waitedMs > this.#limitMs(reason)) {
      const { topic, partition, fetchOffset: offset } = state
      const what = `read topic "${topic}", partition ${partition}, from offset ${offset}`
      this.rest(state, gaveUp(what, { topic, partition, offset }, reason, waitedMs))
      return
    }
    state.notBeforeMs = now + this.#cluster.retrier.backoffMs(state.failures++)
    this.#tellLongWait(state, reason, waitedMs)
  }

  rest(state: PartitionFetch<A>, error: Error): void {
    // What was fetched before is still good: it is read first.
    if (state.hasRecords) {
      state.notBeforeMs = this.#cluster.context.clock.monotonicMs() + this.#cluster.settings.retryBackoffMaxMs
      return
    }
    state.fail(error)
    this.#onRest(state)
  }

  #limitMs(reason: Error): number {
    const { retryTimeoutMs } = this.#cluster.settings
    const isUnknown = reason instanceof KafkaError && reason.code === 'UNKNOWN_TOPIC'
    return isUnknown ? Math.min(retryTimeoutMs, unknownTopicGraceMs) : retryTimeoutMs
  }

  /** Of all partitions that wait, for they mostly do so together, one is named every few seconds. */
  #tellLongWait({ topic, partition, fetchOffset: offset }: PartitionFetch<A>, reason: Error, waitedMs: number): void {
    const { clock, logger } = this.#cluster.context
    if (waitedMs < longWaitMs || clock.monotonicMs() < this.#nextNoticeMs) return
    this.#nextNoticeMs = clock.monotonicMs() + 2 * longWaitMs
    const facts = { topic, partition, offset, ...addressOf(reason), reason: reason.message }
    logger.warn('Cannot fetch yet, trying again', { ...facts, waitedMs: Math.round(waitedMs) })
  }
}

/** Of errors that come as `KafkaError`, those that another attempt will not mend. */
function isFinal(error: KafkaError): boolean {
  const number = error.facts.brokerErrorNumber
  return typeof number !== 'number' || brokerErrorKind(number).remedy === 'give-up'
}
