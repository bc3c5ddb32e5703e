import { SequenceSource } from '../connector/sequence-source.ts'
import { generatePlan } from '../graph/generate-plan.ts'
import type { GraphSettings } from '../graph/graph-settings.ts'
import type { Plan } from '../graph/plan.ts'
import type { OperatorSettings, Partitioning, Transformation } from '../graph/transformation.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import type { TypeInformation } from '../record/type-information.ts'

const key = (value: unknown): unknown => value

/** A dataflow put together by hand, without the checks of the API: for tests of the planner. */
export class Dataflow {
  readonly #operators: Transformation[] = []
  readonly #settings: GraphSettings
  #nextId = 1

  constructor(settings: Partial<GraphSettings> = {}) {
    this.#settings = { jobName: 'test', parallelism: 4, chaining: true, bufferTimeoutMs: 100, ...settings }
  }

  source(
    name: string,
    settings: Partial<OperatorSettings> = {},
    operator: OperatorDefinition = { kind: 'source', source: new SequenceSource(0, 1) },
  ): Transformation {
    return { kind: 'source', id: this.#nextId++, operator, settings: { name, chaining: 'always', ...settings } }
  }

  map(input: Transformation, name: string, settings: Partial<OperatorSettings> = {}): Transformation {
    return this.#add({
      kind: 'one-input',
      id: this.#nextId++,
      input,
      operator: { kind: 'map', fn: key },
      settings: { name, chaining: 'always', ...settings },
    })
  }

  /** A keyed operator behind a HASH partitioning. */
  keyed(input: Transformation, name: string, settings: Partial<OperatorSettings> = {}): Transformation {
    return this.#add({
      kind: 'one-input',
      id: this.#nextId++,
      input: this.partition(input, 'HASH'),
      operator: { kind: 'reduce', fn: (a) => a, keySelector: key },
      settings: { name, chaining: 'always', ...settings },
      keyed: true,
    })
  }

  connect(
    firstInput: Transformation,
    secondInput: Transformation,
    name: string,
    settings: Partial<OperatorSettings> = {},
  ): Transformation {
    return this.#add({
      kind: 'two-input',
      id: this.#nextId++,
      firstInput,
      secondInput,
      operator: { kind: 'identity' },
      settings: { name, chaining: 'always', ...settings },
    })
  }

  sink(
    input: Transformation,
    name: string,
    settings: Partial<OperatorSettings> = {},
    operator: OperatorDefinition = { kind: 'collect', name, limit: 1 },
  ): Transformation {
    const all = { name, chaining: 'always', ...settings } as const
    return this.#add({ kind: 'sink', id: this.#nextId++, input, operator, settings: all })
  }

  union(...inputs: readonly Transformation[]): Transformation {
    return { kind: 'union', id: this.#nextId++, inputs }
  }

  partition(input: Transformation, kind: Partitioning['kind']): Transformation {
    const partitioning: Partitioning =
      kind === 'HASH'
        ? { kind, keySelector: key }
        : kind === 'CUSTOM'
          ? { kind, keySelector: key, partitioner: () => 0 }
          : { kind }
    return { kind: 'partition', id: this.#nextId++, input, partitioning }
  }

  sideOutput(input: Transformation, tagId: string, outputType?: TypeInformation<unknown>): Transformation {
    return { kind: 'side-output', id: this.#nextId++, input, tagId, ...(outputType && { outputType }) }
  }

  plan(): Plan {
    return generatePlan(this.#operators, this.#settings)
  }

  #add(transformation: Transformation): Transformation {
    this.#operators.push(transformation)
    return transformation
  }
}
