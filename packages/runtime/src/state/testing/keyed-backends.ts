import type { Clock } from '../../base/clock.ts'
import { keyGroupRangeForSubtask } from '../../keys/key-group-range.ts'
import type { TypeRegistry } from '../../record/type-registry.ts'
import type { KeyedStateHandle } from '../../snapshot/snapshot.ts'
import type { KeyedStateBytes } from '../../snapshot/state-bytes.ts'
import { HeapKeyedStateBackend } from '../heap-keyed-state-backend.ts'

/** A clock that stands still until it is told otherwise. */
export class SetClock implements Clock {
  nowMs = 1_000

  now(): number {
    return this.nowMs
  }

  monotonicMs(): number {
    return this.nowMs
  }

  schedule(): () => void {
    throw new Error('State does not wait')
  }
}

export const maxParallelism = 32

/** The backends of all subtasks of one operator. */
export function backendsOf(
  parallelism: number,
  clock: Clock = new SetClock(),
  registry?: TypeRegistry,
): HeapKeyedStateBackend[] {
  return Array.from(
    { length: parallelism },
    (_, subtaskIndex) =>
      new HeapKeyedStateBackend({
        operatorName: 'Sum',
        keyGroupRange: keyGroupRangeForSubtask(subtaskIndex, maxParallelism, parallelism),
        maxParallelism,
        registry,
        clock,
      }),
  )
}

/** Gives each backend its part of what others wrote. Answers how often it paused. */
export async function restoreAll(
  backends: readonly HeapKeyedStateBackend[],
  snapshots: readonly (KeyedStateBytes | undefined)[],
): Promise<number> {
  let pauseCount = 0
  for (const [subtaskIndex, backend] of backends.entries()) {
    const { start, end } = keyGroupRangeForSubtask(subtaskIndex, maxParallelism, backends.length)
    const bytes = new Map<KeyedStateHandle, Uint8Array[]>()
    for (const snapshot of snapshots) {
      const own = snapshot?.keyGroups.filter(({ keyGroup }) => keyGroup >= start && keyGroup <= end) ?? []
      if (own.length === 0) continue
      const handle: KeyedStateHandle = {
        location: { kind: 'inline', bytes: new Uint8Array() },
        states: snapshot!.states,
        keyGroups: own.map(({ keyGroup, keyCounts, bytes: { length } }) => ({
          keyGroup,
          keyCounts,
          length,
          offset: 0,
          checksum: 0,
        })),
      }
      bytes.set(
        handle,
        own.map((each) => each.bytes),
      )
    }
    await backend.restore(
      [...bytes.keys()],
      async (handle, index) => bytes.get(handle)![index]!,
      async () => {
        pauseCount++
      },
    )
  }
  return pauseCount
}

/** What a later run finds at another parallelism. */
export async function rescaled(
  backends: readonly HeapKeyedStateBackend[],
  parallelism: number,
  clock: Clock = new SetClock(),
  registry?: TypeRegistry,
): Promise<HeapKeyedStateBackend[]> {
  const next = backendsOf(parallelism, clock, registry)
  await restoreAll(
    next,
    backends.map((backend) => backend.snapshot()),
  )
  return next
}
