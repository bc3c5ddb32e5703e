import { expect, test, vi } from 'vitest'
import { ChannelReceiver } from '../../../packages/runtime/src/exchange/channel-receiver.ts'
import { InputGate } from '../../../packages/runtime/src/exchange/input-gate.ts'
import { GeneralDecoder } from '../../../packages/runtime/src/record/general-decoder.ts'
import { GeneralEncoder } from '../../../packages/runtime/src/record/general-encoder.ts'
import type { KeyedStateHandle } from '../../../packages/runtime/src/snapshot/snapshot.ts'
import { HeapKeyedStateBackend } from '../../../packages/runtime/src/state/heap-keyed-state-backend.ts'
import { HeapOperatorStateBackend } from '../../../packages/runtime/src/state/heap-operator-state-backend.ts'
import { drawFaultPlan } from '../../../packages/runtime/src/testing/faults/fault-plan.ts'
import type { ReplayableSplit } from '../../../packages/runtime/src/testing/faults/replayable-source.ts'
import { runWithFaults } from '../../../packages/runtime/src/testing/faults/run-with-faults.ts'
import { SimulatedStorage } from '../../../packages/runtime/src/testing/simulated-storage.ts'

// Does the net catch fish? The runtime is broken on purpose, in one place at a time, and the same schedules that find nothing
// in the sound one must find that.

vi.mock(import('../../../packages/runtime/src/exchange/input-gate.ts'), async (original) => {
  const { observed } = await import('../../../packages/runtime/src/testing/faults/observed-gates.ts')
  return observed(await original())
})

const flaws = vi.hoisted(() => ({
  /** The next record or state of every fourth key group goes to the subtask after its owner. */
  keyGroupsHaveTwoOwners: false,
  isSecondOwnersTurn: false,
  /** Handles of key groups that are restored at another parallelism. */
  rescaled: new WeakSet<object>(),
}))

vi.mock(import('../../../packages/runtime/src/keys/key-group.ts'), async (importOriginal) => {
  const original = await importOriginal()
  return {
    ...original,
    subtaskIndexForKeyGroup: (keyGroup: number, maxParallelism: number, parallelism: number) => {
      const owner = original.subtaskIndexForKeyGroup(keyGroup, maxParallelism, parallelism)
      if (!flaws.keyGroupsHaveTwoOwners || keyGroup % 4 !== 0) return owner
      flaws.isSecondOwnersTurn = !flaws.isSecondOwnersTurn
      return flaws.isSecondOwnersTurn ? (owner + 1) % parallelism : owner
    },
  }
})

vi.mock(import('../../../packages/runtime/src/snapshot/redistribute.ts'), async (importOriginal) => {
  const original = await importOriginal()
  return {
    ...original,
    redistributeOperator: (state, parallelism, maxParallelism) => {
      const shares = original.redistributeOperator(state, parallelism, maxParallelism)
      if (parallelism === state.parallelism) return shares
      return shares.map((share) => {
        const keyed = share.keyed.map((handle): KeyedStateHandle => ({ ...handle }))
        for (const handle of keyed) flaws.rescaled.add(handle)
        return { ...share, keyed }
      })
    },
  }
})

/** Each must show itself within so many seeds. */
const MUTANT_SEEDS = 1_000
/** For all of them, on a busy machine; most are found in a second or two. */
const TIMEOUT_MS = 300_000

/** Breaks one method, and answers how to mend it. */
function replace<C extends object, K extends keyof C>(target: C, method: K, by: (original: C[K]) => C[K]): () => void {
  const original = target[method]
  target[method] = by(original)
  return () => {
    target[method] = original
  }
}

interface Mutant {
  /** Answers how to mend it. */
  readonly breakIt: () => () => void
  /** What some schedule is to say of it. */
  readonly shown: readonly (keyof typeof violations)[]
}

const violations = {
  'output that is committed twice': /Committed output:\n {2}(record|timer) \S+ \d+ is there 2 times/,
  'output that is lost': /Committed output:\n {2}(record|timer) \S+ \d+ is lost/,
  'a snapshot that is not the fold of its input': /Snapshot \d+ \(\w+\) is not the fold of the input up to its offsets/,
  'a snapshot without a timer that was set': /timers , not \d+/,
  'a segment that nobody has': /Segments:\n {2}a channel of \d segments has 0 credits and 0 in flight/,
  'two subtasks with one key group': /both subtask \d and subtask \d have it/,
}

const mutants: Readonly<Record<string, Mutant>> = {
  'barriers do not block their channels': {
    shown: ['a snapshot that is not the fold of its input', 'output that is committed twice'],
    breakIt: () => replace(InputGate.prototype, 'block', () => () => {}),
  },
  'a checkpoint is complete, and output committed, before its metadata is renamed': {
    shown: ['output that is committed twice'],
    breakIt: () =>
      replace(
        SimulatedStorage.prototype,
        'publish',
        (original) =>
          async function (this: SimulatedStorage, path, chunks) {
            void original.call(this, path, chunks).catch(() => {})
          },
      ),
  },
  'timers are dropped when the parallelism changes': {
    shown: ['a snapshot without a timer that was set', 'output that is lost'],
    breakIt: () =>
      replace(
        HeapKeyedStateBackend.prototype,
        'restore',
        (original) =>
          async function (this: HeapKeyedStateBackend, handles, read, pause) {
            await original.call(this, handles, read, pause)
            if (!handles.some((handle) => flaws.rescaled.has(handle))) return
            while (this.processingTimeTimers.takeDue(Number.POSITIVE_INFINITY) !== undefined);
            this.clearCurrentKey()
          },
      ),
  },
  'offsets of sources are not restored': {
    shown: ['a snapshot that is not the fold of its input', 'output that is committed twice'],
    breakIt: () =>
      replace(
        HeapOperatorStateBackend.prototype,
        'restore',
        (original) =>
          function (this: HeapOperatorStateBackend, shares, read) {
            return original.call(this, shares, async (share) => {
              const items = await read(share)
              if (share.handle.name !== 'SourceReaderState') return items
              return items.map((item) => {
                const split = new GeneralDecoder().decode(item) as ReplayableSplit
                return new GeneralEncoder().encode({ ...split, next: 0 }).slice()
              })
            })
          },
      ),
  },
  'one credit is lost': {
    shown: ['a segment that nobody has'],
    breakIt: () => {
      let given = 0
      return replace(
        ChannelReceiver.prototype,
        'give',
        (original) =>
          function (this: ChannelReceiver, segmentIndex: number) {
            if (++given !== 10) original.call(this, segmentIndex)
          },
      )
    },
  },
  'a key group has two owners': {
    shown: ['two subtasks with one key group'],
    breakIt: () => {
      flaws.keyGroupsHaveTwoOwners = true
      return () => {
        flaws.keyGroupsHaveTwoOwners = false
      }
    },
  },
}

for (const [name, { breakIt, shown }] of Object.entries(mutants)) {
  test.each(shown)(
    `when ${name}, schedules show %s`,
    async (violation) => {
      expect(await firstSeedThatShows(violations[violation], breakIt)).toBeLessThan(MUTANT_SEEDS)
    },
    TIMEOUT_MS,
  )
}

async function firstSeedThatShows(what: RegExp, breakIt: () => () => void): Promise<number> {
  for (let seed = 0; seed < MUTANT_SEEDS; seed++) {
    const mend = breakIt()
    try {
      await runWithFaults(drawFaultPlan(seed))
    } catch (error) {
      if (what.test(String(error))) return seed
    } finally {
      mend()
    }
  }
  return MUTANT_SEEDS
}
