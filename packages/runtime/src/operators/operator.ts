import type { Sink } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import type {
  FilterFunction,
  FlatMapFunction,
  KeySelector,
  MapFunction,
  ProcessFunction,
  ReduceFunction,
  RichCoFlatMapFunction,
  RichCoMapFunction,
  RichCoProcessFunction,
} from './functions.ts'
import type { RollingAggregation } from './rolling-aggregation.ts'

// The builder erases record types here: what flows between operators was checked by the API's types.
type Erased = unknown

/** What one operator does, with the user's functions. Lives in one thread; the job graph refers to it by operator id. */
export type OperatorDefinition =
  | { readonly kind: 'source'; readonly source: Source<Erased> }
  | { readonly kind: 'map'; readonly fn: MapFunction<Erased, Erased> }
  | { readonly kind: 'filter'; readonly fn: FilterFunction<Erased> }
  | { readonly kind: 'flat-map'; readonly fn: FlatMapFunction<Erased, Erased> }
  | { readonly kind: 'process'; readonly fn: ProcessFunction<Erased, Erased> }
  | { readonly kind: 'reduce'; readonly fn: ReduceFunction<Erased>; readonly keySelector: KeySelector<Erased, Erased> }
  | {
      readonly kind: 'rolling-aggregate'
      readonly aggregation: RollingAggregation
      readonly keySelector: KeySelector<Erased, Erased>
    }
  | { readonly kind: 'co-map'; readonly fn: RichCoMapFunction<Erased, Erased, Erased> }
  | { readonly kind: 'co-flat-map'; readonly fn: RichCoFlatMapFunction<Erased, Erased, Erased> }
  | { readonly kind: 'co-process'; readonly fn: RichCoProcessFunction<Erased, Erased, Erased> }
  | { readonly kind: 'sink'; readonly sink: Sink<Erased> }
  | { readonly kind: 'collect'; readonly name: string; readonly limit: number }
  /** Passes records on; a placeholder for what only the planner looks at (conformance topologies). */
  | { readonly kind: 'identity' }
