import { createGeneralCodec, type GeneralCodec } from '../record/general-codec.ts'
import type { TypeRegistry } from '../record/type-registry.ts'

/** Values that user code made (splits, events, collected records), exact and as bytes of their own. */
export class UserValues {
  readonly #codec: GeneralCodec

  constructor(registry: TypeRegistry) {
    this.#codec = createGeneralCodec({ registry })
  }

  /** Throws RecordError if the value may not cross. */
  encode(value: unknown): Uint8Array {
    // The codec reuses its buffer; and the slice of a Buffer would be no copy.
    return new Uint8Array(this.#codec.encode(value))
  }

  decode(bytes: Uint8Array): unknown {
    return this.#codec.decode(bytes)
  }
}
