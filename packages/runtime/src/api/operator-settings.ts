import type { OperatorDefinition } from '../operators/operator.ts'
import { ApiError } from './api-error.ts'
import { checkMaxParallelism, checkParallelism, checkText } from './setting-checks.ts'
import { type OperatorTransformation, ownerOf } from './topology.ts'

// The setters that operators and sinks have in common.

/** Names the operator. */
export function setName({ settings }: OperatorTransformation, name: string): void {
  settings.name = checkText('name', 'INVALID_NAME', name, ownerOf(settings))
}

/** Gives the operator its lasting identity. That no other operator has it is checked when the job is built. */
export function setUid({ settings }: OperatorTransformation, uid: string): void {
  settings.uid = checkText('uid', 'INVALID_UID', uid, ownerOf(settings))
}

/** Fixes the number of subtasks, within what the operator can have. */
export function setParallelism({ settings, operator }: OperatorTransformation, parallelism: number): void {
  const owner = ownerOf(settings)
  const value = checkParallelism(parallelism, owner)
  const limit = settings.nonParallel ? 1 : parallelismLimit(operator)
  if (value > limit) {
    throw new ApiError(
      'INVALID_PARALLELISM',
      `Cannot set the parallelism of ${owner.what} to ${value}: it works with ${limit} at most; ` +
        `set ${limit}, or put the parallel work into an operator after it`,
      { ...owner.facts, value, limit },
    )
  }
  checkOrder(value, settings.maxParallelism, owner.what, owner.facts)
  settings.parallelism = value
}

/** Fixes the number of key groups. */
export function setMaxParallelism({ settings }: OperatorTransformation, maxParallelism: number): void {
  const owner = ownerOf(settings)
  const value = checkMaxParallelism(maxParallelism, owner)
  checkOrder(settings.parallelism, value, owner.what, owner.facts)
  settings.maxParallelism = value
}

/** Puts the operator into a group of its own choice; its subtasks share slots with that group only. */
export function setSlotSharingGroup({ settings }: OperatorTransformation, group: string): void {
  settings.slotSharingGroup = checkText('slot sharing group', 'INVALID_SLOT_SHARING_GROUP', group, ownerOf(settings))
}

/** The largest parallelism that the source or sink of an operator accepts; infinite if it sets none. */
export function parallelismLimit(operator: OperatorDefinition): number {
  switch (operator.kind) {
    case 'source':
      return operator.source.parallelismMax ?? Number.POSITIVE_INFINITY
    case 'sink':
      return operator.sink.parallelismMax ?? Number.POSITIVE_INFINITY
    default:
      return Number.POSITIVE_INFINITY
  }
}

function checkOrder(
  parallelism: number | undefined,
  maxParallelism: number | undefined,
  what: string,
  facts: Readonly<Record<string, unknown>>,
): void {
  if (parallelism === undefined || maxParallelism === undefined || parallelism <= maxParallelism) return
  throw new ApiError(
    'PARALLELISM_ABOVE_MAXIMUM',
    `Cannot run ${what} with parallelism ${parallelism}: its max parallelism is ${maxParallelism}; raise the one or lower the other`,
    { ...facts, parallelism, maxParallelism },
  )
}
