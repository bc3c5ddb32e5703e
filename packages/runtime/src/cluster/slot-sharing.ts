import type { JobGraph } from '../graph/job-graph.ts'
import type { SubtaskAddress } from '../protocol/messages.ts'
import { ClusterError } from './cluster-error.ts'

/** One slot's share of the job: subtasks that live in one thread. */
export interface SlotAssignment {
  readonly slotSharingGroup: string
  readonly subtasks: readonly SubtaskAddress[]
}

/**
 * Flink's slot sharing: the subtasks of one group with the same index share a slot, so a group needs as many slots as
 * its widest vertex has subtasks. Subtasks keep the order of the vertices, sources first.
 */
export function assignSlots(jobGraph: JobGraph): readonly SlotAssignment[] {
  const groups = new Map<string, SubtaskAddress[][]>()
  for (const vertex of jobGraph.vertices) {
    const slots = groups.get(vertex.slotSharingGroup) ?? []
    groups.set(vertex.slotSharingGroup, slots)
    for (let subtaskIndex = 0; subtaskIndex < vertex.parallelism; subtaskIndex++) {
      slots[subtaskIndex] ??= []
      slots[subtaskIndex]!.push({ vertexIndex: vertex.index, subtaskIndex })
    }
  }
  return [...groups].flatMap(([slotSharingGroup, slots]) => slots.map((subtasks) => ({ slotSharingGroup, subtasks })))
}

/** A slot is a thread: so many are started only if the configuration says how many there may be. */
const SLOTS_UNASKED_MAX = 512

/** Throws NOT_ENOUGH_SLOTS if the job needs more than `slotsMax`; undefined means as many as it needs, within reason. */
export function checkSlots(jobGraph: JobGraph, slots: readonly SlotAssignment[], slotsMax: number | undefined): void {
  if (slots.length <= (slotsMax ?? SLOTS_UNASKED_MAX)) return
  const needs = new Map<string, number>()
  for (const { slotSharingGroup } of slots) needs.set(slotSharingGroup, (needs.get(slotSharingGroup) ?? 0) + 1)
  const listed = [...needs].map(([group, count]) => `"${group}" needs ${count}`).join(', ')
  const limit =
    slotsMax === undefined
      ? `each is a thread, and unless taskmanager.numberOfTaskSlots is set at most ${SLOTS_UNASKED_MAX} are started. Lower the parallelism, or set taskmanager.numberOfTaskSlots.`
      : `taskmanager.numberOfTaskSlots is ${slotsMax}. Raise or unset taskmanager.numberOfTaskSlots, or lower the parallelism.`
  throw new ClusterError(
    'NOT_ENOUGH_SLOTS',
    `Cannot start job "${jobGraph.jobName}": it needs ${slots.length} slots (slot sharing group ${listed}), but ${limit}`,
    { slotsNeeded: slots.length, slotsMax: slotsMax ?? SLOTS_UNASKED_MAX, needs: Object.fromEntries(needs) },
  )
}
