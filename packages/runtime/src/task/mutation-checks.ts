import type { JobVertex } from '../graph/job-graph.ts'
import { NO_RECORD, OperatorFailure } from '../operators/operator-failure.ts'
import { createMutationGuard } from '../record/mutation-guard.ts'
import type { TypeRegistry } from '../record/type-registry.ts'

/** Check mode (`pipeline.check-mutation`): finds out whether the chain's records are changed after they were emitted. */
export interface MutationChecks {
  /** Called with each record that an operator emits. */
  emitted(operatorIndex: number, record: unknown): void
  /** Called after each batch. Throws OperatorFailure that names the operator which emitted the changed record. */
  verify(): void
}

export function createMutationChecks(vertex: JobVertex, registry: TypeRegistry): MutationChecks {
  const guards = vertex.operators.map(() => createMutationGuard({ registry }))
  const attempt = (operatorIndex: number, check: () => void) => {
    try {
      check()
    } catch (error) {
      throw new OperatorFailure(vertex.operators[operatorIndex]!.name, NO_RECORD, error)
    }
  }
  return {
    emitted: (operatorIndex, record) => attempt(operatorIndex, () => guards[operatorIndex]!.emitted(record)),
    verify() {
      for (const [operatorIndex, guard] of guards.entries()) attempt(operatorIndex, () => guard.verify())
    },
  }
}
