import { wireChannels } from '../exchange/channel-wiring.ts'
import type { JobEdge, JobGraph } from '../graph/job-graph.ts'
import type { SubtaskAddress } from '../protocol/messages.ts'

/** How far a subtask has come, as to barriers. */
export interface SubtaskProgress {
  isFinished(subtask: SubtaskAddress): boolean
  /** It has sent the end into its channels, or has finished: no barrier comes from it any more. */
  hasEndedOutput(subtask: SubtaskAddress): boolean
}

/**
 * The subtasks at which a checkpoint has to begin, since no barrier will reach them: sources, and those to which all
 * producers have sent the end.
 */
export function barrierStarts(jobGraph: JobGraph, progress: SubtaskProgress): readonly SubtaskAddress[] {
  const starts: SubtaskAddress[] = []
  for (const { index: vertexIndex, parallelism } of jobGraph.vertices) {
    const reachable = new Uint8Array(parallelism)
    for (const edge of jobGraph.edges) {
      if (edge.targetVertex === vertexIndex) markReachable(edge, jobGraph, progress, reachable)
    }
    for (let subtaskIndex = 0; subtaskIndex < parallelism; subtaskIndex++) {
      const subtask = { vertexIndex, subtaskIndex }
      if (reachable[subtaskIndex] === 0 && !progress.isFinished(subtask)) starts.push(subtask)
    }
  }
  return starts
}

/** Marks the consumers along an edge that have a producer from which barriers come. */
function markReachable(edge: JobEdge, jobGraph: JobGraph, progress: SubtaskProgress, reachable: Uint8Array): void {
  const { sourceVertex, distribution } = edge
  const producers = jobGraph.vertices[sourceVertex]!.parallelism
  const sends = Array.from(
    { length: producers },
    (_, subtaskIndex) => !progress.hasEndedOutput({ vertexIndex: sourceVertex, subtaskIndex }),
  )
  if (distribution === 'ALL_TO_ALL' || sends.every(Boolean)) {
    // Every consumer has a channel, whatever the wiring.
    if (sends.some(Boolean)) reachable.fill(1)
    return
  }
  for (const [consumer, inputs] of wireChannels(distribution, producers, reachable.length).inputs.entries()) {
    if (inputs.some((producer) => sends[producer])) reachable[consumer] = 1
  }
}
