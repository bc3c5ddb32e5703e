import type { OperatorState } from '../snapshot/snapshot.ts'

/** Whether `--drop-state` names the operator, by uid or by id. */
export function isDropped({ uid, operatorId }: OperatorState, dropState: readonly string[]): boolean {
  return dropState.includes(operatorId) || (uid !== undefined && dropState.includes(uid))
}
