import { messageOf } from '../base/message-of.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import { reviveError } from '../protocol/error-data.ts'
import type { SubtaskAddress, SubtaskFailure } from '../protocol/messages.ts'
import { ClusterError } from './cluster-error.ts'
import { isTerminal, type JobStatus } from './job-status.ts'

/** Says why a job failed: as errors that name the job, and the operator, subtask and record if they are known. */
export class JobFailures {
  readonly #jobId: string
  readonly #jobGraph: JobGraph

  constructor(jobId: string, jobGraph: JobGraph) {
    this.#jobId = jobId
    this.#jobGraph = jobGraph
  }

  /** E.g. `Source: Numbers -> Map (1/2)`. */
  describe({ vertexIndex, subtaskIndex }: SubtaskAddress): string {
    const vertex = this.#jobGraph.vertices[vertexIndex]!
    return `${vertex.name} (${subtaskIndex + 1}/${vertex.parallelism})`
  }

  ofSubtask(address: SubtaskAddress, failure: SubtaskFailure): ClusterError {
    const { operatorName, recordPreview, error } = failure
    const where = operatorName === '' ? '' : ` in operator "${operatorName}"`
    const record = recordPreview === undefined ? '' : ` at the record ${recordPreview}`
    return new ClusterError(
      'JOB_FAILED',
      `Job "${this.#jobGraph.jobName}" failed${where} (${this.describe(address)})${record}: ${error.name}: ${error.message}`,
      { ...this.#facts(), operator: operatorName, ...address, recordPreview },
      { cause: reviveError(error) },
    )
  }

  ofLostSlot(slotIndex: number, subtasks: readonly SubtaskAddress[], error: unknown): ClusterError {
    const names = subtasks.map((address) => this.describe(address)).join(', ')
    return new ClusterError(
      'SLOT_LOST',
      `The thread of ${names} of job "${this.#jobGraph.jobName}" ended unexpectedly: ${error instanceof Error ? error.message : 'it exited'}. Remedy: ${remedyFor(error)}.`,
      { ...this.#facts(), slotIndex },
      { cause: error },
    )
  }

  ofOutput(error: unknown): ClusterError {
    return new ClusterError(
      'OUTPUT_NOT_WRITTEN',
      `Job "${this.#jobGraph.jobName}" failed: what it printed could not be written to standard output: ${messageOf(error)}. Remedy: make room there, or write to a sink.`,
      this.#facts(),
      { cause: error },
    )
  }

  /** Errors of the coordinator are told as they are. */
  of(error: unknown): ClusterError {
    if (error instanceof ClusterError) return error
    return new ClusterError(
      'JOB_FAILED',
      `Job "${this.#jobGraph.jobName}" failed: ${messageOf(error)}`,
      this.#facts(),
      { cause: error },
    )
  }

  /** What was asked for needs a running job. @param what - e.g. `stop`. @param now - e.g. `RESTARTING`. */
  notRunning(what: string, now: string): ClusterError {
    return new ClusterError(
      'JOB_NOT_RUNNING',
      `Cannot ${what} job "${this.#jobGraph.jobName}": it is ${now}. It can be done while the job is RUNNING.`,
      { ...this.#facts(), now },
    )
  }

  noSavepointDirectory(): ClusterError {
    return new ClusterError(
      'NO_SAVEPOINT_DIRECTORY',
      `Cannot take a savepoint of job "${this.#jobGraph.jobName}": there is no directory for it. Name one, or set execution.checkpointing.savepoint-dir.`,
      this.#facts(),
    )
  }

  ofSnapshot(what: 'checkpoint' | 'savepoint', error: unknown): ClusterError {
    return new ClusterError(
      'SAVEPOINT_FAILED',
      `The ${what} of job "${this.#jobGraph.jobName}" failed: ${messageOf(error)}`,
      this.#facts(),
      { cause: error },
    )
  }

  /** The savepoint is complete, but the job did not end in order. */
  ofStop(path: string, error: Error): ClusterError {
    return new ClusterError(
      'SAVEPOINT_FAILED',
      `The savepoint of job "${this.#jobGraph.jobName}" is complete (${path}), but the job failed while it was being stopped: ${error.message}`,
      { ...this.#facts(), path },
      { cause: error },
    )
  }

  /** @param how - e.g. `could not be started`. @param status - of the job, now that it is over with. */
  ofRescale(parallelism: number, how: string, status: JobStatus, error?: unknown): ClusterError {
    const now = isTerminal(status) ? `has ended: ${status}` : 'goes on at the old parallelism, from the same state'
    const why = error === undefined ? '' : `: ${messageOf(error)}`
    return new ClusterError(
      'RESCALE_FAILED',
      `Job "${this.#jobGraph.jobName}" ${how} when it was to run at parallelism ${parallelism}, and ${now}${why}`,
      { ...this.#facts(), parallelism },
      error === undefined ? undefined : { cause: error },
    )
  }

  #facts(): Readonly<Record<string, unknown>> {
    return { job: this.#jobGraph.jobName, jobId: this.#jobId }
  }
}

function remedyFor(error: unknown): string {
  if (!(error instanceof Error) || /^worker exited/i.test(error.message)) {
    return 'functions must not call process.exit(); one that throws fails the job in order'
  }
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return 'keep less in the variables of functions, spread the load by a higher parallelism, or give threads more memory by NODE_OPTIONS=--max-old-space-size=<MiB>'
  }
  return 'catch what timers, listeners and promises of functions throw'
}
