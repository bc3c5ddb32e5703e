import { assert } from '@millrace/runtime/connector'
import type { Cluster } from '../cluster/cluster.ts'
import type { FetchedRecord } from '../fetched-record.ts'
import type { PartitionOffset, TopicPartition } from '../kafka-driver.ts'
import type { FetcherOptions, KafkaFetcher, PartitionAssignment, PartitionProgress } from '../kafka-fetcher.ts'
import { partitionKey } from '../partition-key.ts'
import { FetchLoop } from './fetch-loop.ts'
import { type FetchSettings, fetchSettings } from './fetch-settings.ts'
import { PartitionFetch } from './partition-fetch.ts'

/** Hands out, record by record, what its loop fetches: one partition after the other, each as far as it is fetched. */
export class PartitionFetcher<A extends PartitionAssignment> implements KafkaFetcher<A> {
  readonly #settings: FetchSettings
  readonly #loop: FetchLoop<A>
  readonly #onClose: () => void
  readonly #partitions: Map<string, PartitionFetch<A>> = new Map<string, PartitionFetch<A>>()
  /** Those that have records and are not paused, in the order in which they got them. */
  #ready: PartitionFetch<A>[] = []
  #current: PartitionFetch<A> | undefined
  #failed: PartitionFetch<A>[] = []
  /** At their stopping offset, and still assigned: a snapshot may ask for their position before they are taken. */
  #ended: PartitionFetch<A>[] = []
  #wakeUp: PromiseWithResolvers<void> | undefined
  #isClosed = false

  constructor(cluster: Cluster, options: FetcherOptions, onClose: () => void) {
    this.#settings = fetchSettings(options)
    this.#onClose = onClose
    this.#loop = new FetchLoop(cluster, this.#settings, this.#partitions, {
      fetched: (state) => this.#queue(state),
      failed: (state) => {
        this.#failed.push(state)
        this.#wake()
      },
    })
  }

  get bufferedBytes(): number {
    return this.#loop.bufferedBytes
  }

  assign(assignments: readonly A[]): void {
    for (const assignment of assignments) {
      const key = partitionKey(assignment)
      assert(this.#find(assignment) === undefined, () => `partition ${key} was assigned twice to a fetcher`)
      const state = new PartitionFetch(assignment, this.#settings.request.isReadCommitted)
      if (state.isAtStop) this.#ended.push(state)
      else this.#partitions.set(key, state)
    }
    this.#loop.fetch()
    this.#wake()
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#find(partition)
      if (state !== undefined) this.#forget(state)
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#partitions.get(partitionKey(partition))
      if (state === undefined || state.isPaused) continue
      state.isPaused = true
      this.#unqueue(state)
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#partitions.get(partitionKey(partition))
      if (state === undefined || !state.isPaused) continue
      state.isPaused = false
      this.#queue(state)
    }
    this.#loop.fetch()
  }

  seek(position: PartitionOffset): void {
    const state = this.#find(position)
    assert(
      state !== undefined,
      () => `partition ${partitionKey(position)} is not assigned to the fetcher that seeks in it`,
    )
    this.#forget(state)
    state.jumpTo(position.offset)
    if (state.isAtStop) this.#ended.push(state)
    else this.#partitions.set(partitionKey(position), state)
    this.#loop.fetch()
    this.#wake()
  }

  next(): FetchedRecord<A> | undefined {
    for (;;) {
      const current = this.#current
      if (current === undefined) {
        if (this.#failed.length > 0) throw this.#takeError()
        const state = this.#ready.shift()
        if (state === undefined) return undefined
        state.isQueued = false
        this.#current = state
        continue
      }
      let hasRecord: boolean
      try {
        hasRecord = current.advance()
      } catch (error) {
        this.#current = undefined
        current.fail(error as Error)
        current.error = undefined
        throw error
      }
      if (hasRecord) return current.cursor
      this.#current = undefined
      if (current.isAtStop) this.#end(current)
      // There is room again. While a request is under way, it goes on with its answer.
      this.#loop.fetch()
    }
  }

  takeEnded(): readonly A[] {
    if (this.#ended.length === 0) return []
    const ended = this.#ended
    this.#ended = []
    return ended.map(({ assignment }) => assignment)
  }

  async available(): Promise<void> {
    if (this.#hasNews()) return
    this.#wakeUp ??= Promise.withResolvers()
    await this.#wakeUp.promise
  }

  progress(partition: TopicPartition): PartitionProgress | undefined {
    return this.#find(partition)?.progress
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#loop.close()
    for (const state of this.#partitions.values()) state.drop()
    this.#partitions.clear()
    this.#ready = []
    this.#current = undefined
    this.#wake()
    this.#onClose()
  }

  #hasNews(): boolean {
    return (
      this.#isClosed ||
      this.#current !== undefined ||
      this.#ready.length > 0 ||
      this.#failed.length > 0 ||
      this.#ended.length > 0
    )
  }

  #wake(): void {
    this.#wakeUp?.resolve()
    this.#wakeUp = undefined
  }

  #queue(state: PartitionFetch<A>): void {
    if (state.isQueued || state.isPaused || !state.hasRecords || state === this.#current) return
    state.isQueued = true
    this.#ready.push(state)
    this.#wake()
  }

  #unqueue(state: PartitionFetch<A>): void {
    if (this.#current === state) this.#current = undefined
    if (!state.isQueued) return
    state.isQueued = false
    this.#ready = this.#ready.filter((each) => each !== state)
  }

  #find(partition: TopicPartition): PartitionFetch<A> | undefined {
    const key = partitionKey(partition)
    return this.#partitions.get(key) ?? this.#ended.find(({ assignment }) => partitionKey(assignment) === key)
  }

  #forget(state: PartitionFetch<A>): void {
    this.#unqueue(state)
    this.#failed = this.#failed.filter((each) => each !== state)
    this.#ended = this.#ended.filter((each) => each !== state)
    state.drop()
    this.#partitions.delete(partitionKey(state))
  }

  #end(state: PartitionFetch<A>): void {
    this.#forget(state)
    this.#ended.push(state)
    this.#wake()
  }

  #takeError(): Error {
    const error = this.#failed.shift()!.error!
    return error
  }
}
