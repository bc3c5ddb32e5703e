import type { Random } from '../../base/random.ts'
import type { TaskInfo } from '../../connector/task-info.ts'
import { keyGroupOf } from '../../keys/key-group.ts'
import { ExternalSystem } from './external-system.ts'
import type { FaultPlan } from './fault-plan.ts'
import { FaultPoints } from './fault-points.ts'
import type { OutputRecord } from './fault-records.ts'

/** What the functions of a job under test share with the test: it survives attempts and runs. */
export class FaultWorld {
  readonly plan: FaultPlan
  readonly random: Random
  readonly external: ExternalSystem<OutputRecord> = new ExternalSystem()
  readonly faults: FaultPoints
  /** What functions saw that they must not see. */
  readonly violations: string[] = []
  /** One more each time that the job is submitted. */
  run = 0
  /** Slots to end, by subtask index, at the next step. */
  readonly doomed: number[] = []
  /** When something last happened in a keyed function or a sink, on the monotonic clock. */
  lastOutputMs = 0
  readonly #owners = new Map<string, number>()

  constructor(plan: FaultPlan, random: Random) {
    this.plan = plan
    this.random = random
    this.faults = new FaultPoints(plan.crashes, (subtaskIndex) => this.doomed.push(subtaskIndex))
  }

  /** A keyed function handles something of `key`: nobody else may, in this attempt, and who may follows from the key. */
  owns(key: string, { name, attempt, index, parallelism, maxParallelism }: TaskInfo): void {
    const keyGroup = keyGroupOf(key, maxParallelism)
    const place = `${name}, run ${this.run}, attempt ${attempt}, key group ${keyGroup}`
    const owner = this.#owners.get(place)
    if (owner === undefined) {
      this.#owners.set(place, index)
      const expected = Math.floor((keyGroup * parallelism) / maxParallelism)
      if (index !== expected) this.violations.push(`${place}: subtask ${index} has it, not ${expected}`)
    } else if (owner !== index) this.violations.push(`${place}: both subtask ${owner} and subtask ${index} have it`)
  }
}
