import type { Plan } from '../graph/plan.ts'
import type { UserValues } from '../protocol/user-values.ts'
import { ClusterError } from './cluster-error.ts'

/** What the job's `collect` sinks have sent, by name; bounded by their limits. */
export class CollectedRecords {
  readonly #sinks = new Map<string, { readonly limit: number; readonly records: unknown[] }>()
  readonly #values: UserValues

  constructor(plan: Plan, values: UserValues) {
    this.#values = values
    for (const { definition } of plan.operators.values()) {
      if (definition.kind === 'collect') this.#sinks.set(definition.name, { limit: definition.limit, records: [] })
    }
  }

  add(name: string, encoded: Uint8Array): void {
    const { limit, records } = this.#sink(name)
    for (const record of this.#values.decode(encoded) as readonly unknown[]) {
      if (records.length >= limit) {
        throw new ClusterError(
          'COLLECT_LIMIT_EXCEEDED',
          `collect("${name}") took more than its limit of ${limit} records. Raise it by collect("${name}", { limit }), or write to a sink.`,
          { name, limit },
        )
      }
      records.push(record)
    }
  }

  get(name: string): readonly unknown[] {
    return this.#sink(name).records.slice()
  }

  #sink(name: string) {
    const sink = this.#sinks.get(name)
    if (sink !== undefined) return sink
    const known = [...this.#sinks.keys()].map((each) => `"${each}"`).join(', ') || 'none'
    throw new ClusterError('UNKNOWN_COLLECT_SINK', `The job has no collect("${name}"). It has: ${known}.`, {
      name,
      known: [...this.#sinks.keys()],
    })
  }
}
