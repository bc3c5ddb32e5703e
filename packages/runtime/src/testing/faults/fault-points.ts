/** Where a planned crash can strike: in functions of the job, each time one gets there. */
export const FAULT_POINTS = [
  'source record',
  'source snapshot',
  'keyed open',
  'keyed record',
  'keyed timer',
  'keyed snapshot',
  'sink write',
  'sink prepare',
  'commit',
  'committed',
  'checkpoint complete',
] as const

export type FaultPoint = (typeof FAULT_POINTS)[number]

/** What strikes at the `count`th time that a run comes to `point`; counted over all subtasks and attempts. */
export interface PlannedCrash {
  readonly point: FaultPoint
  readonly count: number
  /** An error in the function, or the end of the whole slot. */
  readonly effect: 'throw' | 'kill'
}

/** Thrown by functions of a job under test, on purpose. */
export class InjectedFault extends Error {
  override readonly name: string = 'InjectedFault'
}

/** Counts how often the functions of one run come to each point, and strikes where it was planned. */
export class FaultPoints {
  readonly #planned: Set<PlannedCrash>
  readonly #counts = new Map<FaultPoint, number>()
  readonly #kill: (subtaskIndex: number) => void

  /** `kill` ends the slot of a subtask as soon as what it does now has been done. */
  constructor(planned: readonly PlannedCrash[], kill: (subtaskIndex: number) => void = () => {}) {
    this.#planned = new Set(planned)
    this.#kill = kill
  }

  /** Crashes that have not struck. */
  get left(): readonly PlannedCrash[] {
    return [...this.#planned]
  }

  reach(point: FaultPoint, subtaskIndex: number): void {
    const count = (this.#counts.get(point) ?? 0) + 1
    this.#counts.set(point, count)
    for (const crash of this.#planned) {
      if (crash.point !== point || crash.count !== count) continue
      this.#planned.delete(crash)
      if (crash.effect === 'throw') throw new InjectedFault(`${point} ${count} in subtask ${subtaskIndex}`)
      this.#kill(subtaskIndex)
    }
  }
}
