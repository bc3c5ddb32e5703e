/**
 * How a stream comes by its event time. `T` is the type of its records.
 *
 * @example
 * const job = defineJob('no-event-time', (env) => {
 *   env
 *     .fromElements(1, 2, 3)
 *     .assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks())
 *     .collect('numbers')
 * })
 * const result = await runInSimulation(job)
 * result.collected('numbers') // -> [1, 2, 3]
 */
export class WatermarkStrategy<in T> {
  /** @internal What generates the watermarks. */
  readonly generator: WatermarkGeneratorKind
  /** Only for the type checker: a strategy for a wider type of record serves a narrower one. */
  declare readonly accepts: (record: T) => void

  private constructor(generator: WatermarkGeneratorKind) {
    this.generator = generator
  }

  /**
   * No watermarks at all: the stream has no event time, and what waits for it fires at the end of the input only.
   *
   * @example
   * WatermarkStrategy.noWatermarks<string>().generator.kind // -> 'none'
   */
  static noWatermarks<T>(): WatermarkStrategy<T> {
    return new WatermarkStrategy<T>({ kind: 'none' })
  }
}

/** @internal */
export type WatermarkGeneratorKind = { readonly kind: 'none' }
