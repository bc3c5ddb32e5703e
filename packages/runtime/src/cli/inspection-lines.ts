import type { KeyGroupInspection, OperatorInspection, SnapshotInspection } from '../snapshot/inspect-snapshot.ts'
import { byteSize, longCount } from './quantities.ts'

/** So many key groups are shown one by one; of more, what they have in common. */
const keyGroupsMax = 12

/** What is in a snapshot, as people read it. */
export function inspectionLines(inspection: SnapshotInspection): readonly string[] {
  const { kind, checkpointId, timestampMs, jobId, jobName, directory, stateBytes, operators } = inspection
  const name = kind === 'savepoint' ? 'Savepoint' : 'Checkpoint'
  const stateless = operators.filter((operator) => !hasState(operator))
  return [
    `${name} ${checkpointId} of job ${jobName} (${jobId})`,
    `taken ${new Date(timestampMs).toISOString()}, ${byteSize(stateBytes)} of state, ${directory}`,
    ...operators.filter(hasState).flatMap((operator) => ['', ...operatorLines(operator)]),
    ...(stateless.length === 0 ? [] : ['', `Without state: ${stateless.map(named).join(', ')}`]),
  ]
}

function hasState({ keyedStates, listStates, coordinatorBytes }: OperatorInspection): boolean {
  return keyedStates.length > 0 || listStates.length > 0 || coordinatorBytes > 0
}

function named({ name, uid }: OperatorInspection): string {
  return uid === undefined ? `"${name}"` : `"${name}" (uid ${uid})`
}

function operatorLines(operator: OperatorInspection): readonly string[] {
  const { uid, operatorId, name, parallelism, maxParallelism, finishedSubtaskCount, stateBytes } = operator
  const ended = finishedSubtaskCount === 0 ? '' : `, ${finishedSubtaskCount} of them ended`
  return [
    `Operator "${name}"  uid ${uid ?? '(none)'}  id ${operatorId}`,
    `  parallelism ${parallelism}${ended}, max parallelism ${maxParallelism}, ${byteSize(stateBytes)}`,
    ...operator.keyedStates.map((state) => {
      const keys = state.mapKeyTypes.length === 0 ? '' : `${state.mapKeyTypes.join(' or ')} -> `
      const traits = `${state.isDeclared ? '' : ', inferred'}${state.hasTtl ? ', with TTL' : ''}`
      const count = `${longCount(state.keyCount)} ${state.keyCount === 1 ? 'key' : 'keys'}`
      return `  ${state.kind} state "${state.name}": ${keys}${state.types.join(' or ')}${traits}; ${count}`
    }),
    ...keyGroupLines(operator.keyGroups, maxParallelism),
    ...operator.listStates.map(({ name: state, mode, types, itemCount, bytes }) => {
      const count = `${longCount(itemCount)} ${itemCount === 1 ? 'item' : 'items'}`
      return `  ${mode} list state "${state}": ${types.join(' or ')}; ${count}, ${byteSize(bytes)}`
    }),
    ...(operator.coordinatorBytes === 0 ? [] : [`  enumerator: ${byteSize(operator.coordinatorBytes)}`]),
  ]
}

function keyGroupLines(groups: readonly KeyGroupInspection[], maxParallelism: number): readonly string[] {
  if (groups.length === 0) return []
  const text = ({ keyGroup, bytes }: KeyGroupInspection): string => `${keyGroup}: ${byteSize(bytes)}`
  if (groups.length <= keyGroupsMax) return [`  key groups ${groups.map(text).join(', ')}`]
  const bySize = groups.toSorted((a, b) => a.bytes - b.bytes)
  const sizes = [bySize[0]!, bySize[bySize.length >> 1]!, bySize.at(-1)!].map(({ bytes }) => byteSize(bytes))
  return [
    `  key groups ${groups.length} of ${maxParallelism} with state: ${sizes[0]} to ${sizes[2]}, half of them up to ${sizes[1]}; ` +
      `largest ${text(bySize.at(-1)!)} (all with --json)`,
  ]
}
