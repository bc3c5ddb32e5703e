import { FormError } from './conformance.ts'
import { array, integer, object, text } from './form.ts'

/** A dataflow in neutral form: `nodes` in the order of API calls. */
export interface Topology {
  readonly name: string
  readonly env: TopologyEnvironment
  readonly nodes: readonly TopologyNode[]
}

export interface TopologyEnvironment {
  readonly parallelism: number
  readonly maxParallelism: number | undefined
  readonly bufferTimeout: number | undefined
  readonly chaining: boolean
}

export interface TopologyNode {
  readonly id: string
  readonly op: string
  /** The ids of the nodes it reads, in order. */
  readonly inputs: readonly string[]
  readonly tag: string | undefined
  readonly settings: NodeSettings
}

export interface NodeSettings {
  readonly uid: string | undefined
  readonly parallelism: number | undefined
  readonly maxParallelism: number | undefined
  readonly slotSharingGroup: string | undefined
  readonly bufferTimeout: number | undefined
  readonly disableChaining: boolean
  readonly startNewChain: boolean
}

const environmentProperties = ['parallelism', 'maxParallelism', 'bufferTimeout', 'chaining']
// `size` is that of a window: it has no effect on the plan.
const nodeProperties = ['id', 'op', 'in', 'tag', 'size']
const settingProperties = [
  'uid',
  'parallelism',
  'maxParallelism',
  'slotSharingGroup',
  'bufferTimeout',
  'disableChaining',
  'startNewChain',
]

export function readTopology(value: unknown, place: string): Topology {
  const topology = object(value, place)
  const env = object(topology.env, `${place}.env`)
  checkProperties(env, environmentProperties, `${place}.env`)
  return {
    name: text(topology.name, `${place}.name`),
    env: {
      parallelism: integer(env.parallelism, `${place}.env.parallelism`),
      maxParallelism: optional(env.maxParallelism, `${place}.env.maxParallelism`, integer),
      bufferTimeout: optional(env.bufferTimeout, `${place}.env.bufferTimeout`, integer),
      chaining: optional(env.chaining, `${place}.env.chaining`, flag) ?? true,
    },
    nodes: array(topology.nodes, `${place}.nodes`).map((node, i) => readNode(node, `${place}.nodes[${i}]`)),
  }
}

function readNode(value: unknown, place: string): TopologyNode {
  const node = object(value, place)
  checkProperties(node, [...nodeProperties, ...settingProperties], place)
  const { in: input = [] } = node
  return {
    id: text(node.id, `${place}.id`),
    op: text(node.op, `${place}.op`),
    inputs: Array.isArray(input) ? input.map((id) => text(id, `${place}.in`)) : [text(input, `${place}.in`)],
    tag: optional(node.tag, `${place}.tag`, text),
    settings: {
      uid: optional(node.uid, `${place}.uid`, text),
      parallelism: optional(node.parallelism, `${place}.parallelism`, integer),
      maxParallelism: optional(node.maxParallelism, `${place}.maxParallelism`, integer),
      slotSharingGroup: optional(node.slotSharingGroup, `${place}.slotSharingGroup`, text),
      bufferTimeout: optional(node.bufferTimeout, `${place}.bufferTimeout`, integer),
      disableChaining: optional(node.disableChaining, `${place}.disableChaining`, flag) ?? false,
      startNewChain: optional(node.startNewChain, `${place}.startNewChain`, flag) ?? false,
    },
  }
}

function optional<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value, place)
}

function flag(value: unknown, place: string): boolean {
  if (typeof value === 'boolean') return value
  throw new FormError(`${place} must be true or false`)
}

/** What we would silently leave out could be what the case is about. */
function checkProperties(value: Readonly<Record<string, unknown>>, known: readonly string[], place: string): void {
  const unknown = Object.keys(value).filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new FormError(`${place} has the unknown property "${unknown[0]}"`)
}
