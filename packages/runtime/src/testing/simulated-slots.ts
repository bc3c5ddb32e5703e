import type { Random } from '../base/random.ts'
import type { SlotConnections, SlotListener, SlotTransport } from '../cluster/slot-transport.ts'
import { LocalDoorbell } from '../exchange/doorbell.ts'
import { describeError } from '../protocol/error-data.ts'
import type { CoordinatorMessage, SlotMessage } from '../protocol/messages.ts'
import type { SlotDeployment } from '../protocol/slot-deployment.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { RandomPacing } from '../task/pacing.ts'
import { Slot } from '../task/slot.ts'
import type { SlotPlan } from '../task/slot-parts.ts'
import { DelayedMessages } from './delayed-messages.ts'
import type { SimulatedClock } from './simulated-clock.ts'

/** Time passes a little with each step, so that time-outs fall between any two of them. */
const STEP_MS_MAX = 0.2

interface SimulatedSlot {
  readonly slot: Slot
  readonly bell: LocalDoorbell
  /** Messages under way in either direction; each direction keeps its order. */
  readonly toSlot: DelayedMessages<CoordinatorMessage>
  readonly toCoordinator: DelayedMessages<SlotMessage | { readonly kind: 'ended'; readonly error?: unknown }>
  readonly listener: SlotListener
  readonly slotIndex: number
  /** Whether the last visit did something, so that another may too. */
  busy: boolean
  /** When a partly filled segment is due. */
  dueMs: number
  ended: boolean
}

/**
 * All slots of a job on one thread. `step` lets one of the things happen that could happen next, chosen by the random
 * generator: a message arrives, or a slot makes a visit. The same seed makes the same choices.
 */
export class SimulatedSlots implements SlotTransport {
  readonly #clock: SimulatedClock
  readonly #random: Random
  readonly #storage: SnapshotStorage
  readonly #buildPlan: (deployment: SlotDeployment) => SlotPlan
  readonly #messageDelayMsMax: number
  #slots: SimulatedSlot[] = []

  constructor(parts: {
    readonly clock: SimulatedClock
    readonly random: Random
    readonly storage: SnapshotStorage
    readonly buildPlan: (deployment: SlotDeployment) => SlotPlan
    /** Virtual time that a message between coordinator and slot takes at most, beside what the scheduler makes of it. */
    readonly messageDelayMsMax?: number
  }) {
    this.#clock = parts.clock
    this.#random = parts.random
    this.#storage = parts.storage
    this.#buildPlan = parts.buildPlan
    this.#messageDelayMsMax = parts.messageDelayMsMax ?? 0
  }

  /** Slots that have not ended. */
  liveSlots(): readonly number[] {
    return this.#slots.filter(({ ended }) => !ended).map(({ slotIndex }) => slotIndex)
  }

  /** Ends a slot as if its thread had died: what it has sent still arrives, what was sent to it is lost. */
  kill(slotIndex: number, error: unknown): void {
    const simulated = this.#slots[slotIndex]
    if (simulated === undefined || simulated.ended) return
    simulated.ended = true
    simulated.dueMs = Number.POSITIVE_INFINITY
    simulated.toSlot.clear()
    simulated.toCoordinator.put({ kind: 'ended', error })
  }

  deploy(deployments: readonly SlotDeployment[], listener: SlotListener): SlotConnections {
    const doorbells = deployments.map(() => new LocalDoorbell())
    const slots = deployments.map((deployment, slotIndex) => {
      const toCoordinator: SimulatedSlot['toCoordinator'] = this.#messages()
      const isDead = () => simulated.ended
      const slot = new Slot({
        deployment,
        doorbells,
        clock: this.#clock,
        random: this.#random,
        createPacing: () => new RandomPacing(this.#random),
        storage: this.#storage,
        // Promises of a dead slot may still go on here; in a thread they would not.
        send: (message) => void (isDead() || toCoordinator.put(message)),
      })
      const simulated: SimulatedSlot = {
        slot,
        bell: doorbells[slotIndex]!,
        toSlot: this.#messages(),
        toCoordinator,
        listener,
        slotIndex,
        busy: true,
        dueMs: Number.POSITIVE_INFINITY,
        ended: false,
      }
      return simulated
    })
    this.#slots = slots
    for (const [i, simulated] of slots.entries()) {
      try {
        simulated.slot.initialize(this.#buildPlan(deployments[i]!))
      } catch (error) {
        simulated.ended = true
        simulated.toCoordinator.put({ kind: 'slot-failed', error: describeError(error) })
        simulated.toCoordinator.put({ kind: 'ended' })
      }
    }
    return {
      send: (slotIndex, message) => {
        const simulated = slots[slotIndex]
        if (simulated?.ended === false) simulated.toSlot.put(message)
      },
      terminate: async () => {
        for (const simulated of slots) simulated.ended = true
        if (this.#slots === slots) this.#slots = []
      },
    }
  }

  /** When a message arrives, or a slot wants to be visited although its bell has not rung. */
  nextDueMs(): number {
    return this.#slots.reduce(
      (next, { dueMs, toSlot, toCoordinator }) => Math.min(next, dueMs, toSlot.dueMs, toCoordinator.dueMs),
      Number.POSITIVE_INFINITY,
    )
  }

  /** Whether functions of user code are being closed, which may take real time. */
  get isClosing(): boolean {
    return this.#slots.some(({ slot, ended }) => !ended && slot.isClosing)
  }

  /** Whether some subtask waits for what may take real time, such as a file being written. */
  get hasWorkUnderWay(): boolean {
    return this.#slots.some(({ slot, ended }) => !ended && slot.hasWorkUnderWay)
  }

  /** Lets one thing happen. Answers false if nothing can, unless time passes or the world outside moves. */
  step(): boolean {
    const now = this.#clock.monotonicMs()
    const actions: (() => void)[] = []
    for (const simulated of this.#slots) {
      if (simulated.toSlot.dueMs <= now) actions.push(() => simulated.slot.receive(simulated.toSlot.take()))
      if (simulated.toCoordinator.dueMs <= now) actions.push(() => this.#deliver(simulated))
      const wantsVisit = simulated.busy || simulated.bell.rung || simulated.dueMs <= now
      if (!simulated.ended && wantsVisit) actions.push(() => this.#visit(simulated))
    }
    if (actions.length === 0) return false
    actions[this.#random.below(actions.length)]!()
    this.#clock.advanceTo(now + (this.#random.below(1_000) / 1_000) * STEP_MS_MAX)
    return true
  }

  #messages<T>(): DelayedMessages<T> {
    return new DelayedMessages(this.#clock, this.#random, this.#messageDelayMsMax)
  }

  #deliver({ toCoordinator, listener, slotIndex }: SimulatedSlot): void {
    const message = toCoordinator.take()
    if (message.kind === 'ended') listener.onEnd(slotIndex, message.error)
    else listener.onMessage(slotIndex, message)
  }

  #visit(simulated: SimulatedSlot): void {
    const { slot, bell, toCoordinator } = simulated
    // As in a thread: the bell is read before the visit.
    bell.take()
    simulated.busy = slot.visit(this.#random.below(Math.max(1, slot.subtaskCount)))
    const dueInMs = slot.tick()
    simulated.dueMs = this.#clock.monotonicMs() + dueInMs
    if (slot.isDone) {
      simulated.ended = true
      simulated.dueMs = Number.POSITIVE_INFINITY
      slot.text.end()
      toCoordinator.put({ kind: 'ended' })
    }
  }
}
