import type { Sink } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import type { MapStateDescriptor } from '../state/state-descriptor.ts'
import type { BroadcastProcessFunction, KeyedBroadcastProcessFunction } from './broadcast-process-function.ts'
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
import type { KeyedCoProcessFunction, KeyedProcessFunction } from './keyed-process-function.ts'
import type { RollingAggregation } from './rolling-aggregation.ts'

// The builder erases record types here: what flows between operators was checked by the API's types.
type Erased = unknown

type ErasedKeySelector = KeySelector<Erased, Erased>

/** Set on keyed streams. */
interface Keyed {
  readonly keySelector?: ErasedKeySelector | undefined
}

/** Set if both streams are keyed. */
interface KeyedTwice {
  readonly keySelector1?: ErasedKeySelector | undefined
  readonly keySelector2?: ErasedKeySelector | undefined
}

/** What one operator does, with the user's functions. Lives in one thread; the job graph refers to it by operator id. */
export type OperatorDefinition =
  | { readonly kind: 'source'; readonly source: Source<Erased> }
  | ({ readonly kind: 'map'; readonly fn: MapFunction<Erased, Erased> } & Keyed)
  | ({ readonly kind: 'filter'; readonly fn: FilterFunction<Erased> } & Keyed)
  | ({ readonly kind: 'flat-map'; readonly fn: FlatMapFunction<Erased, Erased> } & Keyed)
  | ({
      readonly kind: 'process'
      readonly fn: ProcessFunction<Erased, Erased> | KeyedProcessFunction<Erased, Erased, Erased>
    } & Keyed)
  | { readonly kind: 'reduce'; readonly fn: ReduceFunction<Erased>; readonly keySelector: ErasedKeySelector }
  | {
      readonly kind: 'rolling-aggregate'
      readonly aggregation: RollingAggregation
      readonly keySelector: ErasedKeySelector
    }
  | ({ readonly kind: 'co-map'; readonly fn: RichCoMapFunction<Erased, Erased, Erased> } & KeyedTwice)
  | ({ readonly kind: 'co-flat-map'; readonly fn: RichCoFlatMapFunction<Erased, Erased, Erased> } & KeyedTwice)
  | ({
      readonly kind: 'co-process'
      readonly fn:
        | RichCoProcessFunction<Erased, Erased, Erased>
        | KeyedCoProcessFunction<Erased, Erased, Erased, Erased>
      readonly broadcastStates?: undefined
    } & KeyedTwice)
  /** The second stream is broadcast. */
  | {
      readonly kind: 'co-process'
      readonly fn:
        | BroadcastProcessFunction<Erased, Erased, Erased>
        | KeyedBroadcastProcessFunction<Erased, Erased, Erased, Erased>
      readonly broadcastStates: readonly MapStateDescriptor<Erased, Erased>[]
      readonly keySelector1?: ErasedKeySelector | undefined
    }
  | { readonly kind: 'sink'; readonly sink: Sink<Erased> }
  | { readonly kind: 'collect'; readonly name: string; readonly limit: number }
  /** Passes records on; a placeholder for what only the planner looks at (conformance topologies). */
  | { readonly kind: 'identity' }
