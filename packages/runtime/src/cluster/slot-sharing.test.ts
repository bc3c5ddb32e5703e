import { describe, expect, test } from 'vitest'
import { defineJob } from '../api/job-definition.ts'
import { planJob } from '../api/plan-job.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import { assignSlots, checkSlots } from './slot-sharing.ts'

function threeGroups(parallelism: number): JobGraph {
  const job = defineJob('three groups', (env) => {
    env
      .fromSequence(1, 10)
      .slotSharingGroup('in')
      .map((n) => n)
      .setParallelism(1)
      .slotSharingGroup('middle')
      .rebalance()
      .filter(() => true)
      .print()
      .slotSharingGroup('out')
  })
  return planJob(job, { parallelism }).plan.jobGraph
}

describe('Slot sharing', () => {
  test('puts the subtasks of one group and index into one slot; a group needs as many as its widest vertex', () => {
    const jobGraph = threeGroups(2)
    const slots = assignSlots(jobGraph).map(
      ({ slotSharingGroup, subtasks }) =>
        `${slotSharingGroup}: ${subtasks.map(({ vertexIndex, subtaskIndex }) => `${vertexIndex}/${subtaskIndex}`).join(' ')}`,
    )
    expect(slots).toEqual(['in: 0/0', 'in: 0/1', 'middle: 1/0 2/0', 'middle: 2/1', 'out: 3/0', 'out: 3/1'])
  })

  test('takes no more slots than are allowed, and says what each group needs', () => {
    const jobGraph = threeGroups(2)
    const slots = assignSlots(jobGraph)
    checkSlots(jobGraph, slots, 6)
    checkSlots(jobGraph, slots, undefined)
    expect(() => checkSlots(jobGraph, slots, 5)).toThrow(
      'Cannot start job "three groups": it needs 6 slots (slot sharing group "in" needs 2, "middle" needs 2, "out" needs 2), but taskmanager.numberOfTaskSlots is 5. Raise or unset taskmanager.numberOfTaskSlots, or lower the parallelism.',
    )
  })

  test('starts no thousands of threads unless that was asked for', () => {
    const jobGraph = threeGroups(4_000)
    const slots = assignSlots(jobGraph)
    expect(() => checkSlots(jobGraph, slots, undefined)).toThrow(
      /needs 12000 slots .* each is a thread, .* at most 512 are started\. Lower the parallelism, or set taskmanager\.numberOfTaskSlots\.$/,
    )
    checkSlots(jobGraph, slots, 12_000)
  })
})
