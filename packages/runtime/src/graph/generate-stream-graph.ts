import type { TypeInformation } from '../record/type-information.ts'
import { GraphError, operatorInWords } from './graph-error.ts'
import type { GraphSettings } from './graph-settings.ts'
import { checkJobParallelism, resolveParallelism } from './operator-parallelism.ts'
import type { StreamEdge, StreamGraph, StreamNode } from './stream-graph.ts'
import type { Partitioning, Transformation } from './transformation.ts'

const DEFAULT_SLOT_SHARING_GROUP = 'default'

/** Where records come from, on the way through unions, partitionings and side outputs to the next operator. */
interface Upstream {
  readonly node: StreamNode
  /** What the last partitioning on the way said; earlier ones have no effect. */
  readonly partitioning: Partitioning | undefined
  readonly outputTag: string | null
  readonly recordType: TypeInformation<unknown> | undefined
}

/** The stream graph of `transformations` and everything they read. Their order is the order in which edges are made. */
export function generateStreamGraph(transformations: readonly Transformation[], settings: GraphSettings): StreamGraph {
  checkJobParallelism(settings)
  const generator = new StreamGraphGenerator(settings, transformations)
  for (const transformation of transformations) generator.transform(transformation)
  if (generator.nodes.length === 0) {
    throw new GraphError('NO_OPERATORS', `Job "${settings.jobName}" has no operators: add a source and a sink to it`, {
      jobName: settings.jobName,
    })
  }
  return { nodes: generator.nodes.toSorted((a, b) => a.id - b.id) }
}

class StreamGraphGenerator {
  readonly nodes: StreamNode[] = []
  readonly #settings: GraphSettings
  readonly #transformed = new Map<Transformation, readonly Upstream[]>()
  #nextSinkId: number

  constructor(settings: GraphSettings, transformations: readonly Transformation[]) {
    this.#settings = settings
    // Inputs have smaller ids than what reads them, so these are beyond all of them.
    this.#nextSinkId = 1 + transformations.reduce((max, { id }) => Math.max(max, id), 0)
  }

  transform(transformation: Transformation): readonly Upstream[] {
    let upstreams = this.#transformed.get(transformation)
    if (upstreams === undefined) {
      upstreams = this.#transform(transformation)
      this.#transformed.set(transformation, upstreams)
    }
    return upstreams
  }

  #transform(transformation: Transformation): readonly Upstream[] {
    switch (transformation.kind) {
      case 'source':
        return this.#addOperator(transformation, transformation.id, `Source: ${transformation.settings.name}`, [])
      case 'one-input': {
        const inputs = this.#edgeStarts(transformation.input, 0)
        return this.#addOperator(transformation, transformation.id, transformation.settings.name, inputs)
      }
      case 'two-input': {
        const first = this.#edgeStarts(transformation.firstInput, 1)
        const second = this.#edgeStarts(transformation.secondInput, 2)
        return this.#addOperator(transformation, transformation.id, transformation.settings.name, [...first, ...second])
      }
      case 'sink': {
        const inputs = this.#edgeStarts(transformation.input, 0)
        const name = `${transformation.settings.name}: Writer`
        this.#addOperator(transformation, this.#nextSinkId++, name, inputs)
        return []
      }
      case 'union':
        return transformation.inputs.flatMap((input) => this.transform(input))
      case 'partition': {
        const { partitioning } = transformation
        return this.transform(transformation.input).map((upstream) => ({ ...upstream, partitioning }))
      }
      case 'side-output': {
        const { tagId: outputTag, outputType: recordType } = transformation
        return this.transform(transformation.input).map((upstream) => ({ ...upstream, outputTag, recordType }))
      }
    }
  }

  #edgeStarts(input: Transformation, typeNumber: 0 | 1 | 2): readonly EdgeStart[] {
    return this.transform(input).map((upstream) => ({ ...upstream, typeNumber }))
  }

  #addOperator(
    transformation: OperatorTransformation,
    id: number,
    name: string,
    inputs: readonly EdgeStart[],
  ): readonly Upstream[] {
    const { operator, settings } = transformation
    // For an operator, -1 means the job's timeout, as in Flink; for the job it means full segments only.
    const ownTimeoutMs = settings.bufferTimeoutMs ?? -1
    const node: StreamNode = {
      id,
      name,
      operator,
      settings,
      keyed: 'keyed' in transformation && transformation.keyed === true,
      ...resolveParallelism(operator, settings, this.#settings),
      slotSharingGroup: settings.slotSharingGroup ?? inheritedSlotSharingGroup(inputs),
      bufferTimeoutMs: ownTimeoutMs >= 0 ? ownTimeoutMs : this.#settings.bufferTimeoutMs,
      inEdges: [],
      outEdges: [],
    }
    this.nodes.push(node)
    for (const input of inputs) connect(input, node)
    return [{ node, partitioning: undefined, outputTag: null, recordType: settings.outputType }]
  }
}

type OperatorTransformation = Extract<Transformation, { readonly operator: unknown }>

interface EdgeStart extends Upstream {
  readonly typeNumber: 0 | 1 | 2
}

/** The group that all inputs are in; the default one if they differ, or if there are none. */
function inheritedSlotSharingGroup(inputs: readonly EdgeStart[]): string {
  const group = inputs[0]?.node.slotSharingGroup ?? DEFAULT_SLOT_SHARING_GROUP
  return inputs.every(({ node }) => node.slotSharingGroup === group) ? group : DEFAULT_SLOT_SHARING_GROUP
}

function connect(
  { node: source, partitioning: wanted, outputTag, recordType, typeNumber }: EdgeStart,
  target: StreamNode,
) {
  const sameParallelism = source.parallelism === target.parallelism
  const partitioning = wanted ?? { kind: sameParallelism ? 'FORWARD' : 'REBALANCE' }
  if (partitioning.kind === 'FORWARD' && !sameParallelism) throw forwardChangesParallelism(source, target)
  const edge: StreamEdge = { source, target, partitioning, outputTag, typeNumber, recordType }
  source.outEdges.push(edge)
  target.inEdges.push(edge)
}

function forwardChangesParallelism(source: StreamNode, target: StreamNode): GraphError {
  return new GraphError(
    'FORWARD_CHANGES_PARALLELISM',
    `Cannot forward from ${operatorInWords(source.settings)} with parallelism ${source.parallelism} to ` +
      `${operatorInWords(target.settings)} with parallelism ${target.parallelism}: forwarding keeps the subtask, so ` +
      'both need the same parallelism; set it, or use rebalance(), rescale() or another partitioning',
    {
      upstream: source.settings.name,
      upstreamParallelism: source.parallelism,
      downstream: target.settings.name,
      downstreamParallelism: target.parallelism,
    },
  )
}
