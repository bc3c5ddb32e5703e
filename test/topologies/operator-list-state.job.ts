import {
  type CheckpointedFunction,
  type CheckpointListener,
  type Collector,
  defineJob,
  type FunctionInitializationContext,
  ListStateDescriptor,
  MapStateDescriptor,
  type OperatorListState,
  type RichFlatMapFunction,
  Types,
} from '@millrace/runtime'
import { range } from './topology.ts'

/** Sums up; what it has summed is in a list that is dealt out anew, what it began with in one that all get. */
class Summing implements RichFlatMapFunction<number, string>, CheckpointedFunction, CheckpointListener {
  #sum = 0
  #sums!: OperatorListState<number>
  #starts!: OperatorListState<string>
  #snapshots = 0
  #completed = 0

  initializeState({ isRestored, operatorStateStore, restoredCheckpointId }: FunctionInitializationContext) {
    this.#sums = operatorStateStore.getListState(new ListStateDescriptor('sums', Types.LONG))
    this.#starts = operatorStateStore.getUnionListState(new ListStateDescriptor<string>('starts'))
    const broadcast = operatorStateStore.getBroadcastState(new MapStateDescriptor<string, number>('constants'))
    broadcast.put('one', 1)
    for (const sum of this.#sums.get()) this.#sum += sum
    if (!isRestored) this.#starts.add(`from ${restoredCheckpointId ?? 'nothing'}`)
  }

  flatMap(n: number) {
    this.#sum += n
  }

  snapshotState() {
    this.#snapshots++
    this.#sums.update([this.#sum])
  }

  notifyCheckpointComplete() {
    this.#completed++
  }

  endInput(out: Collector<string>) {
    out.collect(`${this.#sum} ${this.#starts.get()[0]} ${this.#completed <= this.#snapshots}`)
  }
}

export default defineJob('operator-list-state', (env) => {
  env.enableCheckpointing(10)
  env.fromSequence(1, 1_000).setParallelism(1).flatMap(new Summing()).setParallelism(1).uid('summing').collect('sums')
})

const total = range(1_000).reduce((sum, n) => sum + n + 1, 0)

export const expected = {
  sums: { inAnyOrder: [`${total} from nothing true`] },
}
