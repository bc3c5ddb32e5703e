import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { wireChannels } from '../../exchange/channel-wiring.ts'
import type { RecordPartitioning } from '../../exchange/emit-compiler.ts'
import { allocateGateMemory, type GateMemory } from '../../exchange/gate-memory.ts'
import { InputGate } from '../../exchange/input-gate.ts'
import { RecordWriter } from '../../exchange/record-writer.ts'
import { JsonSegmentCodec } from './json-segment-codec.ts'
import { type LoopFlaws, overflowBytesMax, type SimulatedRecord, SimulatedSubtask } from './simulated-subtask.ts'
import { CountingDoorbell, SimulatedWorker } from './simulated-worker.ts'

const LEVELS = 3

export interface SimulatedTopology {
  readonly workers: readonly SimulatedWorker[]
  readonly subtasks: readonly SimulatedSubtask[]
  readonly gates: readonly { readonly memory: GateMemory; readonly gate: InputGate<SimulatedRecord> }[]
}

interface Surroundings {
  readonly random: Random
  readonly clock: Clock
  readonly flaws: LoopFlaws
}

/** Sources, operators and sinks, joined by two edges; everything about them is drawn. */
export function drawTopology(surroundings: Surroundings): SimulatedTopology {
  const { random, clock, flaws } = surroundings
  const workers = Array.from({ length: 1 + random.below(3) }, () => new SimulatedWorker(clock, flaws))
  const levels = Array.from({ length: LEVELS }, () =>
    Array.from({ length: 1 + random.below(3) }, (_, index) => {
      const worker = workers[random.below(workers.length)]!
      const subtask = new SimulatedSubtask(index, random, flaws)
      worker.subtasks.push(subtask)
      return { subtask, worker }
    }),
  )
  const gates = levels.slice(1).flatMap((consumers, level) => connect(surroundings, levels[level]!, consumers))
  return { workers, subtasks: levels.flat().map(({ subtask }) => subtask), gates }
}

interface Placed {
  readonly subtask: SimulatedSubtask
  readonly worker: SimulatedWorker
}

function connect(
  { random, clock, flaws }: Surroundings,
  producers: readonly Placed[],
  consumers: readonly Placed[],
): SimulatedTopology['gates'] {
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
  const gates = consumers.map(({ subtask }, consumer) => {
    const memory = allocateGateMemory(spec)
    const producerDoorbells = wiring.inputs[consumer]!.map((producer) => producers[producer]!.worker.doorbell)
    const gate = new InputGate<SimulatedRecord>({ memory, codec, producerDoorbells })
    subtask.connectGate(gate)
    return { memory, gate }
  })
  const memories = gates.map(({ memory }) => memory)
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
      clock,
      random,
      availability: subtask.availability,
      overflow: subtask.overflow,
      describe: () => `the simulated edge of subtask ${producer}`,
    })
  })
  return gates
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
