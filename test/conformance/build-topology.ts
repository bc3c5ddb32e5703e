import { ConnectedStreams } from '../../packages/runtime/src/api/connected-streams.ts'
import { DataStream } from '../../packages/runtime/src/api/data-stream.ts'
import { DataStreamSink } from '../../packages/runtime/src/api/data-stream-sink.ts'
import { KeyedStream } from '../../packages/runtime/src/api/keyed-stream.ts'
import { reinterpretAsKeyedStream } from '../../packages/runtime/src/api/reinterpret-as-keyed-stream.ts'
import { SingleOutputStreamOperator } from '../../packages/runtime/src/api/single-output-stream-operator.ts'
import type { StreamExecutionEnvironment } from '../../packages/runtime/src/api/stream-execution-environment.ts'
import { SequenceSource } from '../../packages/runtime/src/connector/sequence-source.ts'
import type { Sink } from '../../packages/runtime/src/connector/sink.ts'
import { OutputTag } from '../../packages/runtime/src/operators/output-tag.ts'
import { MapStateDescriptor } from '../../packages/runtime/src/state/state-descriptor.ts'
import { WatermarkStrategy } from '../../packages/runtime/src/time/watermark-strategy.ts'
import { FormError } from './conformance.ts'
import type { NodeSettings, Topology, TopologyNode } from './topology.ts'

type Stream = DataStream<unknown>
type Built = Stream | DataStreamSink<unknown>

/** What the functions of the operators do does not matter: nothing runs. */
const key = (value: unknown): unknown => value
const noRecords = (): void => {}
const identity = { kind: 'identity' } as const
const sink: Sink<unknown> = { createWriter: () => ({ write: () => {} }) }
const coMap = { map1: (value: unknown) => value, map2: (value: unknown) => value }
const coFlatMap = { flatMap1: () => {}, flatMap2: () => {} }
const ruleState = new MapStateDescriptor<unknown, unknown>('rules')
const broadcastProcess = { processElement: () => {}, processBroadcastElement: () => {} }
const coProcess = { processElement1: () => {}, processElement2: () => {} }

/** Makes the topology's calls of the API. */
export function buildTopology({ name, env: environment, nodes }: Topology, env: StreamExecutionEnvironment): void {
  env.setParallelism(environment.parallelism)
  if (environment.maxParallelism !== undefined) env.setMaxParallelism(environment.maxParallelism)
  if (environment.bufferTimeout !== undefined) env.setBufferTimeout(environment.bufferTimeout)
  if (!environment.chaining) env.disableOperatorChaining()

  const built = new Map<string, Built>()
  for (const node of nodes) {
    const place = `node "${node.id}" of topology "${name}"`
    if (built.has(node.id)) throw new FormError(`${place} is there twice`)
    const inputs = node.inputs.map((id) => {
      const input = built.get(id)
      if (input instanceof DataStream) return input
      throw new FormError(`${place} reads "${id}", which is not a stream that comes before it`)
    })
    const result = addNode(node, inputs, env, place)
    applySettings(result, node.settings, place)
    built.set(node.id, result)
  }
}

function addNode(node: TopologyNode, inputs: readonly Stream[], env: StreamExecutionEnvironment, place: string): Built {
  const { id, op } = node
  const input = (): Stream => {
    const [first] = inputs
    if (first !== undefined && inputs.length === 1) return first
    throw new FormError(`${place} must have one input, not ${inputs.length}`)
  }
  const keyed = (): KeyedStream<unknown, unknown> => {
    const stream = input()
    if (stream instanceof KeyedStream) return stream
    throw new FormError(`${place} needs a keyed input`)
  }
  const connected = (): ConnectedStreams<unknown, unknown> => {
    const [first, second] = inputs
    if (first !== undefined && second !== undefined && inputs.length === 2) {
      return new ConnectedStreams(first.topology, first, second)
    }
    throw new FormError(`${place} must have two inputs, not ${inputs.length}`)
  }
  switch (op) {
    case 'source':
      return env.fromSource<unknown, never>(new SequenceSource(0, 1) as never, WatermarkStrategy.noWatermarks(), id)
    case 'map':
      return input().map(key).name(id)
    case 'filter':
      return input()
        .filter(() => true)
        .name(id)
    case 'flatMap':
      return input().flatMap(noRecords).name(id)
    case 'process':
      return input()
        .process(() => {})
        .name(id)
    case 'assignTimestamps':
      return input().assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks()).name(id)
    case 'sink':
      return input().sinkTo(sink).name(id)
    case 'keyBy':
      return input().keyBy(key)
    case 'reinterpretAsKeyed':
      return reinterpretAsKeyedStream(input(), key)
    case 'reduce':
      return keyed().reduce(key).name(id)
    case 'keyedProcess':
      return keyed()
        .process(() => {})
        .name(id)
    // Kinds that the API does not have yet: to the planner they are one-input operators with keyed state.
    case 'tumblingWindowReduce':
      return keyed().transform<unknown>(id, identity, { keyed: true })
    case 'tumblingWindowAllReduce':
      return input()
        .keyBy(() => 0)
        .transform<unknown>(id, identity, { keyed: true, nonParallel: true })
    case 'union': {
      const [first, ...others] = inputs
      if (first === undefined) throw new FormError(`${place} has no inputs`)
      return first.union(...others)
    }
    case 'coMap':
      return connected().map(coMap).name(id)
    case 'coFlatMap':
      return connected().flatMap(coFlatMap).name(id)
    case 'coProcess':
    case 'keyedCoProcess':
      return connected().process(coProcess).name(id)
    case 'broadcastConnect': {
      const [data, rules] = inputs
      if (data === undefined || rules === undefined) throw new FormError(`${place} must have two inputs`)
      return data.connect<unknown>(rules.broadcast(ruleState)).process<unknown>(broadcastProcess).name(id)
    }
    case 'broadcast':
      return input().broadcast()
    case 'rebalance':
      return input().rebalance()
    case 'rescale':
      return input().rescale()
    case 'shuffle':
      return input().shuffle()
    case 'forward':
      return input().forward()
    case 'global':
      return input().global()
    case 'partitionCustom':
      return input().partitionCustom(() => 0, key)
    case 'sideOutput':
      if (node.tag === undefined) throw new FormError(`${place} has no tag`)
      return input().getSideOutput(new OutputTag<unknown>(node.tag))
    default:
      throw new FormError(`${place} has the unknown op "${op}"`)
  }
}

function applySettings(built: Built, settings: NodeSettings, place: string): void {
  const { uid, parallelism, maxParallelism, slotSharingGroup, bufferTimeout, disableChaining, startNewChain } = settings
  const isSet = Object.values(settings).some((value) => value !== undefined && value !== false)
  if (!isSet) return
  if (!(built instanceof SingleOutputStreamOperator || built instanceof DataStreamSink)) {
    throw new FormError(`${place} is not an operator, so it has no settings`)
  }
  if (uid !== undefined) built.uid(uid)
  if (parallelism !== undefined) built.setParallelism(parallelism)
  if (maxParallelism !== undefined) built.setMaxParallelism(maxParallelism)
  if (slotSharingGroup !== undefined) built.slotSharingGroup(slotSharingGroup)
  if (disableChaining) built.disableChaining()
  if (startNewChain) built.startNewChain()
  if (bufferTimeout === undefined) return
  if (built instanceof DataStreamSink) throw new FormError(`${place} is a sink, so it has no buffer timeout`)
  built.setBufferTimeout(bufferTimeout)
}
