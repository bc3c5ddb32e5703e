import { type Random, SeededRandom } from '../../base/random.ts'
import { channelWords, FILLED_HEAD, FILLED_TAIL, FREE_HEAD, FREE_TAIL, gateLayout } from '../../exchange/gate-memory.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { violate } from './exchange-violation.ts'
import type { LoopFlaws } from './simulated-subtask.ts'
import { drawTopology, type SimulatedTopology } from './simulated-topology.ts'
import type { SimulatedWorker } from './simulated-worker.ts'

const STEPS_MAX = 100_000

/**
 * Sources, operators and sinks on a few workers, joined by two edges, in one thread. The seed chooses topology, settings
 * and the interleaving of the workers' steps. Runs to the end of input and throws {@link ExchangeViolation} if a record
 * is lost, doubled, out of order, damaged or in the wrong epoch, a bound or a sum of segments does not hold, or nothing
 * can move any more.
 */
export function simulateExchange(seed: number, flaws: LoopFlaws = {}): void {
  running = new SimulatedWorld(new SeededRandom(seed), flaws)
  running.run()
}

let running: SimulatedWorld | undefined

/**
 * Lets another worker of the running simulation go on for a few steps, as if on a thread of its own. Tests call it in the
 * middle of what the workers do, between two accesses to shared memory.
 */
export function preempt(): void {
  running?.preempt()
}

class SimulatedWorld {
  readonly #random: Random
  readonly #clock = new SimulatedClock()
  readonly #topology: SimulatedTopology
  #working: SimulatedWorker[] = []
  #preempted = false

  constructor(random: Random, flaws: LoopFlaws) {
    this.#random = random
    this.#topology = drawTopology({ random, clock: this.#clock, flaws })
  }

  run(): void {
    this.#working = this.#topology.workers.filter((worker) => worker.subtasks.length > 0)
    for (let step = 0; this.#working.length > 0; step++) {
      if (step > STEPS_MAX) violate(`No end after ${STEPS_MAX} steps`)
      if (!this.#stepOne()) this.#sleep(this.#working)
      if (this.#random.below(20) === 0) this.#clock.advanceTo(this.#clock.monotonicMs() + 1)
      this.#checkSegments()
    }
    this.#checkDelivery()
  }

  /** Not within itself: two workers at a time show every order of two accesses. */
  preempt(): void {
    if (this.#preempted || this.#random.below(2) === 0) return
    this.#preempted = true
    for (let step = this.#random.below(12); step > 0 && this.#stepOne(); step--);
    this.#preempted = false
  }

  /** Lets one of the workers that have something to do take a step. Answers false if there is none. */
  #stepOne(): boolean {
    const ready = this.#working.filter((worker) => !worker.stepping && worker.isReady(this.#clock.monotonicMs()))
    if (ready.length === 0) return false
    const worker = ready[this.#random.below(ready.length)]!
    if (worker.step()) this.#working = this.#working.filter((other) => other !== worker)
    return true
  }

  /** Everyone waits: time passes until something is due. */
  #sleep(working: readonly SimulatedWorker[]): void {
    const dueMs = Math.min(...working.map((worker) => worker.dueMs))
    if (dueMs === Number.POSITIVE_INFINITY) violate('Deadlock: every worker waits, and nothing is due')
    this.#clock.advanceTo(dueMs)
  }

  #checkSegments(): void {
    for (const { memory, gate } of this.#topology.gates) {
      const layout = gateLayout(memory)
      let owned = gate.pooledSegments
      for (let channel = 0; channel < memory.channelCount; channel++) {
        const { int32 } = channelWords(memory, layout, channel)
        const credit = int32[FREE_HEAD]! - int32[FREE_TAIL]!
        const inFlight = int32[FILLED_HEAD]! - int32[FILLED_TAIL]!
        const open = gate.ownedSegments(channel) - credit - inFlight
        if (credit < 0 || inFlight < 0 || open < 0 || open > 1) {
          violate(`A channel of ${gate.ownedSegments(channel)} segments has ${credit} credits, ${inFlight} in flight`)
        }
        owned += gate.ownedSegments(channel)
      }
      if (owned !== layout.segmentCount) violate(`Of ${layout.segmentCount} segments ${owned} are left`)
    }
  }

  #checkDelivery(): void {
    for (const { writer, overflow, consumers } of this.#topology.subtasks) {
      if (writer === undefined) continue
      const received = consumers.reduce((sum, { gate }) => sum + gate!.recordsIn, 0)
      const sent = this.#topology.subtasks
        .filter((other) => other.consumers === consumers)
        .reduce((sum, other) => sum + other.writer!.recordsOut, 0)
      if (received !== sent) violate(`Of ${sent} records ${received} arrived`)
      if (overflow.usedBytes !== 0) violate(`${overflow.usedBytes} bytes of overflow are left`)
    }
  }
}
