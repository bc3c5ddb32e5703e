import type { Clock } from '../base/clock.ts'
import { type Random, SeededRandom } from '../base/random.ts'
import { wireChannels } from '../exchange/channel-wiring.ts'
import type { Doorbell } from '../exchange/doorbell.ts'
import type { RecordPartitioning } from '../exchange/emit-compiler.ts'
import {
  allocateGateMemory,
  channelWords,
  FILLED_HEAD,
  FILLED_TAIL,
  FREE_HEAD,
  FREE_TAIL,
  type GateMemory,
  gateLayout,
} from '../exchange/gate-memory.ts'
import { InputGate } from '../exchange/input-gate.ts'
import { OverflowBudget } from '../exchange/overflow-budget.ts'
import { RecordWriter } from '../exchange/record-writer.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'
import { END_OF_INPUT } from '../record/stream-element.ts'
import { JsonSegmentCodec } from './json-segment-codec.ts'

/** Mistakes that a task loop could make around an exchange; the simulation must notice each. */
export interface LoopFlaws {
  readonly bellReadAfterVisit?: boolean
  readonly inputTakenWhileStopped?: boolean
  readonly overflowDrainedOnlyWithInput?: boolean
  readonly finishedWithOverflow?: boolean
  readonly timeoutsIgnored?: boolean
  /** Credit in hand is asked for on each channel, though a segment is open. */
  readonly openSegmentNotCounted?: boolean
  readonly consumersNotRung?: boolean
  readonly barriersNotAligned?: boolean
}

/** What was observed that no sound exchange does. */
export class ExchangeViolation extends Error {}

interface SimulatedRecord {
  readonly producer: number
  /** Counts the producer's records, over all its channels. */
  readonly n: number
  readonly epoch: number
  readonly pad: string
}

const LEVELS = 3
const OUTPUTS_MAX = 4
const PAD_MAX = 150
/** Barriers that a source may send while output is not available. */
const MAILS_MAX = 2
/** Everything of a record but its pad, in the test codec. */
const RECORD_BYTES = 60
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

function violate(what: string): never {
  throw new ExchangeViolation(what)
}

class SimulatedWorld implements Clock {
  readonly random: Random
  readonly flaws: LoopFlaws
  readonly gates: { readonly memory: GateMemory; readonly gate: InputGate<SimulatedRecord> }[] = []
  readonly #workers: SimulatedWorker[]
  #working: SimulatedWorker[] = []
  #nowMs = 0
  #preempted = false

  constructor(random: Random, flaws: LoopFlaws) {
    this.random = random
    this.flaws = flaws
    const { workers, subtasks } = buildTopology(this)
    this.#workers = workers
    this.#subtasks = subtasks
  }

  readonly #subtasks: readonly SimulatedSubtask[]

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  schedule(): never {
    return violate('An exchange set a timer')
  }

  run(): void {
    this.#working = this.#workers.filter((worker) => worker.subtasks.length > 0)
    for (let step = 0; this.#working.length > 0; step++) {
      if (step > STEPS_MAX) violate(`No end after ${STEPS_MAX} steps`)
      if (!this.#stepOne()) this.#sleep(this.#working)
      if (this.random.below(20) === 0) this.#nowMs++
      this.#checkSegments()
    }
    this.#checkDelivery()
  }

  /** Not within itself: two workers at a time show every order of two accesses. */
  preempt(): void {
    if (this.#preempted || this.random.below(2) === 0) return
    this.#preempted = true
    for (let step = this.random.below(12); step > 0 && this.#stepOne(); step--);
    this.#preempted = false
  }

  /** Lets one of the workers that have something to do take a step. Answers false if there is none. */
  #stepOne(): boolean {
    const ready = this.#working.filter((worker) => !worker.stepping && worker.isReady(this.#nowMs))
    if (ready.length === 0) return false
    const worker = ready[this.random.below(ready.length)]!
    if (worker.step()) this.#working = this.#working.filter((other) => other !== worker)
    return true
  }

  /** Everyone waits: time passes until something is due. */
  #sleep(working: readonly SimulatedWorker[]): void {
    const dueMs = Math.min(...working.map((worker) => worker.dueMs))
    if (dueMs === Number.POSITIVE_INFINITY) violate('Deadlock: every worker waits, and nothing is due')
    this.#nowMs = Math.max(this.#nowMs, dueMs)
  }

  #checkSegments(): void {
    for (const { memory, gate } of this.gates) {
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
    for (const { writer, overflow, consumers } of this.#subtasks) {
      if (writer === undefined) continue
      const received = consumers.reduce((sum, { gate }) => sum + gate!.recordsIn, 0)
      const sent = this.#subtasks
        .filter((other) => other.consumers === consumers)
        .reduce((sum, other) => sum + other.writer!.recordsOut, 0)
      if (received !== sent) violate(`Of ${sent} records ${received} arrived`)
      if (overflow.usedBytes !== 0) violate(`${overflow.usedBytes} bytes of overflow are left`)
    }
  }
}

/** A doorbell whose count can be compared, as in shared memory. */
class CountingDoorbell implements Doorbell {
  count = 0

  ring(): void {
    this.count++
  }
}

class SimulatedWorker {
  readonly doorbell = new CountingDoorbell()
  readonly subtasks: SimulatedSubtask[] = []
  readonly #world: SimulatedWorld
  readonly #steps: Generator<void> = this.#loop()
  stepping = false
  #waiting = false
  #seen = 0
  dueMs = Number.POSITIVE_INFINITY

  constructor(world: SimulatedWorld) {
    this.#world = world
  }

  isReady(nowMs: number): boolean {
    if (!this.#waiting || this.doorbell.count !== this.#seen || this.dueMs <= nowMs) return true
    return this.subtasks.some((subtask) => subtask.isAnswered)
  }

  /** Answers whether that was the last. */
  step(): boolean {
    this.stepping = true
    const { done } = this.#steps.next()
    this.stepping = false
    return done === true
  }

  /** The loop of a worker; at each yield another worker may go on. */
  *#loop(): Generator<void> {
    const { bellReadAfterVisit, timeoutsIgnored } = this.#world.flaws
    while (this.subtasks.some((subtask) => !subtask.finished)) {
      this.#waiting = false
      this.#seen = this.doorbell.count
      yield
      let worked = false
      for (const subtask of this.subtasks) {
        if (subtask.visit()) worked = true
        yield
      }
      this.dueMs = Number.POSITIVE_INFINITY
      for (const { writer } of this.subtasks) {
        const dueMs = timeoutsIgnored ? undefined : writer?.flushDue(this.#world.monotonicMs())
        if (dueMs !== undefined && dueMs < this.dueMs) this.dueMs = dueMs
      }
      yield
      if (bellReadAfterVisit) this.#seen = this.doorbell.count
      if (worked || this.subtasks.every((subtask) => subtask.finished)) continue
      this.#waiting = true
      yield
    }
  }
}

/** Reads its gate, if it has one, and writes a few records for each it reads; a source reads a script of its own. */
class SimulatedSubtask {
  readonly #world: SimulatedWorld
  readonly #index: number
  readonly availability: OutputAvailability = { stop: false }
  readonly overflow = new OverflowBudget(Number.POSITIVE_INFINITY)
  gate: InputGate<SimulatedRecord> | undefined
  writer: RecordWriter<SimulatedRecord> | undefined
  consumers: readonly SimulatedSubtask[] = []
  writerMemories: readonly GateMemory[] = []
  overflowBytesMax = 0
  finished = false
  /** Whether partly filled segments are sent without being asked for, so that a source may wait for its last record. */
  flushes = false
  #awaitsArrival = false
  /** Barriers sent since output was available. */
  #mailCount = 0
  #inputsLeft: number
  #emitted = 0
  #epoch = 0
  #ended = false
  /** By channel: what is known of its next record. */
  #channels: { epoch: number; nextN: number; watermark: number; count: number }[] = []

  constructor(world: SimulatedWorld, index: number) {
    this.#world = world
    this.#index = index
    this.#inputsLeft = 10 + world.random.below(60)
  }

  connectGate(gate: InputGate<SimulatedRecord>): void {
    this.gate = gate
    this.#channels = Array.from({ length: gate.channelCount }, () => ({ epoch: 0, nextN: 0, watermark: 0, count: 0 }))
  }

  /** A source has waited until all its records arrived at the next level, and they did. */
  get isAnswered(): boolean {
    return this.#awaitsArrival && this.#allArrived()
  }

  #allArrived(): boolean {
    const arrived = this.consumers.reduce((sum, consumer) => sum + consumer.#channels[this.#index]!.count, 0)
    return arrived === this.writer!.recordsOut
  }

  /** Answers whether a further visit may find something to do though nobody rings. */
  visit(): boolean {
    if (this.finished) return false
    if (this.#awaitsArrival && this.#allArrived()) this.#awaitsArrival = false
    const { flaws, random } = this.#world
    if (this.#ended) {
      this.finished = this.writer === undefined || this.writer.drain() || flaws.finishedWithOverflow === true
      return this.finished
    }
    this.#serveMail()
    if (!flaws.overflowDrainedOnlyWithInput || !this.availability.stop) {
      const available = this.writer === undefined || this.writer.drain()
      this.availability.stop = !(available || flaws.inputTakenWhileStopped) || !this.#hasFreshCredit()
    }
    if (!this.availability.stop) this.#mailCount = 0
    if (this.availability.stop || this.#awaitsArrival) return false
    const worked = this.gate === undefined ? this.#readScript(random.below(20)) : this.#readGate(1 + random.below(20))
    if (this.overflow.peakBytes > this.overflowBytesMax) violate(`${this.overflow.peakBytes} bytes of overflow`)
    // A stop ends the visit: from here on the doorbell is trusted.
    return worked && !this.availability.stop
  }

  /** A source triggers its checkpoints between two records, whether output is available or not. */
  #serveMail(): void {
    if (this.gate !== undefined || this.#mailCount === MAILS_MAX || this.#world.random.below(10) > 0) return
    this.#mailCount++
    this.#barrier()
  }

  #hasFreshCredit(): boolean {
    if (!this.#world.flaws.openSegmentNotCounted) return true
    return this.writerMemories.every((memory) => {
      const { int32 } = channelWords(memory, gateLayout(memory), this.#index)
      return int32[FREE_HEAD]! - int32[FREE_TAIL]! > 0
    })
  }

  #readScript(inputsMax: number): boolean {
    const { random, flaws } = this.#world
    for (let i = 0; i <= inputsMax && (!this.availability.stop || flaws.inputTakenWhileStopped); i++) {
      if (this.#inputsLeft-- === 0) {
        this.#end()
        return true
      }
      const action = random.below(24)
      if (action === 0 && this.flushes) {
        this.#awaitsArrival = true
        return true
      }
      if (action <= 2) this.#barrier()
      else this.#process()
    }
    return true
  }

  #readGate(recordsMax: number): boolean {
    const gate = this.gate!
    const { flaws } = this.#world
    const onRecord = (record: SimulatedRecord): void => this.#receive(record)
    const availability = flaws.inputTakenWhileStopped ? { stop: false } : this.availability
    const count = gate.poll(onRecord, availability, recordsMax)
    const arrived = this.availability.stop && !flaws.inputTakenWhileStopped ? undefined : gate.takeElement()
    if (arrived === undefined) return count > 0
    const { channelIndex, element } = arrived
    const channel = this.#channels[channelIndex]!
    switch (element.kind) {
      case 'watermark':
        if (channel.nextN > element.timestampMs) violate(`A watermark came behind record ${channel.nextN - 1}`)
        channel.watermark = element.timestampMs
        return true
      case 'barrier':
        channel.epoch++
        if (element.checkpointId !== channel.epoch) violate(`Barrier ${element.checkpointId} opens ${channel.epoch}`)
        if (!flaws.barriersNotAligned) gate.block(channelIndex)
        break
      case 'end':
        channel.epoch = Number.POSITIVE_INFINITY
    }
    this.#align()
    return true
  }

  /** Passes barriers on that have come through every channel that has not ended. */
  #align(): void {
    const epoch = Math.min(...this.#channels.map((channel) => channel.epoch))
    if (this.gate!.isFinished) this.#end()
    else if (epoch > this.#epoch) {
      this.#barrier()
      for (let channel = 0; channel < this.#channels.length; channel++) this.gate!.unblock(channel)
    }
  }

  #receive(record: SimulatedRecord): void {
    if (this.availability.stop && !this.#world.flaws.inputTakenWhileStopped) violate('A record came behind a stop')
    const channel = this.#channels[record.producer]!
    if (record.n < channel.nextN) violate(`Record ${record.n} came where ${channel.nextN} was the first possible`)
    if (record.n < channel.watermark) violate(`Record ${record.n} came behind watermark ${channel.watermark}`)
    if (record.epoch !== this.#epoch) violate(`A record of epoch ${record.epoch} came in epoch ${this.#epoch}`)
    if (record.pad !== padOf(record.producer, record.n)) violate(`Record ${record.n} was damaged`)
    channel.nextN = record.n + 1
    channel.count++
    this.#process()
  }

  #process(): void {
    const { writer } = this
    if (writer === undefined) return
    const { random } = this.#world
    for (let outputs = random.below(OUTPUTS_MAX + 1); outputs > 0; outputs--) {
      const n = this.#emitted++
      writer.emit({ producer: this.#index, n, epoch: this.#epoch, pad: padOf(this.#index, n) })
    }
    if (random.below(10) === 0) writer.emitElement({ kind: 'watermark', timestampMs: this.#emitted })
  }

  #barrier(): void {
    this.#epoch++
    this.writer?.emitElement({ kind: 'barrier', checkpointId: this.#epoch, timestampMs: 0 })
  }

  /** Some operators emit what they gathered when the input ends. */
  #end(): void {
    this.#ended = true
    this.#process()
    if (this.overflow.peakBytes > this.overflowBytesMax) violate(`${this.overflow.peakBytes} bytes of overflow`)
    this.writer?.emitElement(END_OF_INPUT)
  }
}

/** A pad that record and length can be checked by; one in eight does not fit a small segment. */
function padOf(producer: number, n: number): string {
  const draw = (producer * 7919 + n * 104_729) % 97
  return 'x'.repeat(draw % 8 === 0 ? PAD_MAX - draw : draw % 11)
}

function buildTopology(world: SimulatedWorld): { workers: SimulatedWorker[]; subtasks: SimulatedSubtask[] } {
  const { random } = world
  const workers = Array.from({ length: 1 + random.below(3) }, () => new SimulatedWorker(world))
  const levels = Array.from({ length: LEVELS }, () =>
    Array.from({ length: 1 + random.below(3) }, (_, index) => {
      const worker = workers[random.below(workers.length)]!
      const subtask = new SimulatedSubtask(world, index)
      worker.subtasks.push(subtask)
      return { subtask, worker }
    }),
  )
  for (let level = 0; level + 1 < LEVELS; level++) {
    connect(world, levels[level]!, levels[level + 1]!)
  }
  return { workers, subtasks: levels.flat().map(({ subtask }) => subtask) }
}

interface Placed {
  readonly subtask: SimulatedSubtask
  readonly worker: SimulatedWorker
}

function connect(world: SimulatedWorld, producers: readonly Placed[], consumers: readonly Placed[]): void {
  const { random, flaws } = world
  const codec = new JsonSegmentCodec<SimulatedRecord>()
  const spec = {
    channelCount: producers.length,
    exclusiveSegments: 1 + random.below(2),
    floatingSegments: random.below(4),
    segmentBytes: [64, 128, 512][random.below(3)]!,
  }
  const partitioning = choosePartitioning(random)
  const bufferTimeoutMs = [-1, 0, 5][random.below(3)]!
  const wiring = wireChannels('ALL_TO_ALL', producers.length, consumers.length)
  const memories = consumers.map(({ subtask }, consumer) => {
    const memory = allocateGateMemory(spec)
    const producerDoorbells = wiring.inputs[consumer]!.map((producer) => producers[producer]!.worker.doorbell)
    const gate = new InputGate<SimulatedRecord>({ memory, codec, producerDoorbells })
    subtask.connectGate(gate)
    world.gates.push({ memory, gate })
    return memory
  })
  const consumerSubtasks = consumers.map(({ subtask }) => subtask)
  producers.forEach(({ subtask }, producer) => {
    subtask.consumers = consumerSubtasks
    subtask.writerMemories = memories
    subtask.flushes = bufferTimeoutMs >= 0
    subtask.overflowBytesMax = overflowBytesMax(spec.segmentBytes, consumers.length, partitioning.ship === 'BROADCAST')
    subtask.writer = new RecordWriter<SimulatedRecord>({
      channels: wiring.outputs[producer]!.map(({ consumerIndex, channelIndex }) => ({
        memory: memories[consumerIndex]!,
        channelIndex,
        consumerDoorbell: flaws.consumersNotRung ? new CountingDoorbell() : consumers[consumerIndex]!.worker.doorbell,
      })),
      partitioning,
      codec,
      bufferTimeoutMs,
      clock: world,
      random,
      availability: subtask.availability,
      overflow: subtask.overflow,
      describe: () => `the simulated edge of subtask ${producer}`,
    })
  })
}

/**
 * What the output of one input element can take beyond all credit: each record the fragments of a large one and the rest
 * of a segment cut short; and on each channel the segment that was open, and one for each element.
 */
function overflowBytesMax(segmentBytes: number, channelCount: number, broadcast: boolean): number {
  const segmentsOfRecord = Math.ceil((RECORD_BYTES + PAD_MAX) / segmentBytes) + 1
  const recordCopies = OUTPUTS_MAX * (broadcast ? channelCount : 1)
  const segmentsOfElements = (2 + MAILS_MAX) * channelCount
  return segmentBytes * (recordCopies * segmentsOfRecord + segmentsOfElements) + 64 * segmentsOfElements
}

function choosePartitioning(random: Random): RecordPartitioning<SimulatedRecord> {
  const { ship } = [
    { ship: 'HASH' as const },
    { ship: 'REBALANCE' as const },
    { ship: 'SHUFFLE' as const },
    { ship: 'BROADCAST' as const },
    { ship: 'GLOBAL' as const },
  ][random.below(5)]!
  return ship === 'HASH' ? { ship, keySelector: ({ n }) => n % 17, maxParallelism: 128 } : { ship }
}
