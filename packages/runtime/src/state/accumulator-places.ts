import type { KeyGroupOutput } from '../snapshot/key-group-output.ts'
import type { RecordPlace, RecordShape } from './record-shapes.ts'

interface AccumulatorPlace extends RecordPlace {
  value: unknown
}

/**
 * Keeps accumulators as they are: only their function sees them, and it may change them, so that adding to a large one
 * does not copy it.
 */
const accumulatorShape: RecordShape = {
  load: (place: AccumulatorPlace) => place.value,
  store(place: AccumulatorPlace, value) {
    place.value = value
    return true
  },
  aggregate() {},
  write(place: AccumulatorPlace, to: KeyGroupOutput) {
    to.encoder.encodeTo(to.out, place.value)
  },
}

export class AccumulatorPlaces {
  readonly #isTimed: boolean

  constructor(isTimed: boolean) {
    this.#isTimed = isTimed
  }

  create(value: unknown): RecordPlace {
    const place: AccumulatorPlace = this.#isTimed
      ? { shape: accumulatorShape, lastUsedMs: 0, value }
      : { shape: accumulatorShape, value }
    return place
  }

  adopt(value: unknown): RecordPlace {
    return this.create(value)
  }
}
