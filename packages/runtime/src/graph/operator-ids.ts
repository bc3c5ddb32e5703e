import { assert } from '../base/assert.ts'
import { murmur3Hash128 } from '../keys/murmur3.ts'
import { GraphError, operatorInWords } from './graph-error.ts'
import type { OperatorId } from './ids.ts'
import { isChainable } from './operator-chain.ts'
import type { StreamGraph, StreamNode } from './stream-graph.ts'

/** The id that Flink derives from a uid. */
export function operatorIdOfUid(uid: string): OperatorId {
  return murmur3Hash128(new TextEncoder().encode(uid)) as OperatorId
}

/**
 * Flink's operator ids (StreamGraphHasherV2): from the uid if there is one; else from the number of operators that
 * come before, breadth first from the sources, the number of operators chained to it, and the ids of its inputs.
 */
export function generateOperatorIds(graph: StreamGraph, chainingEnabled: boolean): ReadonlyMap<StreamNode, OperatorId> {
  checkUids(graph)
  const ids = new Map<StreamNode, OperatorId>()
  const owners = new Map<OperatorId, StreamNode>()
  const queue = graph.nodes.filter(({ inEdges }) => inEdges.length === 0)
  const visited = new Set(queue)
  for (const node of queue) {
    const { uid } = node.settings
    if (uid === undefined && node.inEdges.some(({ source }) => !ids.has(source))) {
      // Not all of its inputs have an id yet; whichever gets its id last finds this one again.
      visited.delete(node)
      continue
    }
    const id = uid === undefined ? idOfPosition(node, ids, chainingEnabled) : operatorIdOfUid(uid)
    checkUnowned(id, node, owners.get(id))
    owners.set(id, node)
    ids.set(node, id)
    for (const { target } of node.outEdges) {
      if (visited.has(target)) continue
      visited.add(target)
      queue.push(target)
    }
  }
  assert(ids.size === graph.nodes.length, () => `${graph.nodes.length - ids.size} operators got no id`)
  return ids
}

function idOfPosition(
  node: StreamNode,
  ids: ReadonlyMap<StreamNode, OperatorId>,
  chainingEnabled: boolean,
): OperatorId {
  const chainedCount = node.outEdges.filter((edge) => isChainable(edge, chainingEnabled)).length
  const numbers = new DataView(new ArrayBuffer(4 * (1 + chainedCount)))
  // The same number for the operator and for each that is chained to it.
  for (let i = 0; i <= chainedCount; i++) numbers.setInt32(4 * i, ids.size, true)
  const hash = Buffer.from(murmur3Hash128(new Uint8Array(numbers.buffer)), 'hex')
  for (const { source } of node.inEdges) {
    const inputHash = Buffer.from(ids.get(source)!, 'hex')
    for (let i = 0; i < hash.length; i++) hash[i] = (hash[i]! * 37) ^ inputHash[i]!
  }
  return hash.toString('hex') as OperatorId
}

function checkUids({ nodes }: StreamGraph): void {
  const owners = new Map<string, StreamNode>()
  for (const node of nodes) {
    const { uid } = node.settings
    if (uid === undefined) continue
    const owner = owners.get(uid)
    if (owner !== undefined) {
      throw new GraphError(
        'DUPLICATE_UID',
        `Cannot give uid "${uid}" to both ${operatorInWords(owner.settings)} and ${operatorInWords(node.settings)}: ` +
          'a uid finds the state of one operator; give each its own',
        { uid, operators: [owner.settings.name, node.settings.name] },
      )
    }
    owners.set(uid, node)
  }
}

function checkUnowned(id: OperatorId, node: StreamNode, owner: StreamNode | undefined): void {
  if (owner === undefined) return
  throw new GraphError(
    'OPERATOR_ID_COLLISION',
    `Both ${operatorInWords(owner.settings)} and ${operatorInWords(node.settings)} have operator id ${id}: ` +
      'give each a uid of its own',
    { operatorId: id, operators: [owner.settings.name, node.settings.name] },
  )
}
