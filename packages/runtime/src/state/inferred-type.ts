import { descriptionText, type TypeDescription } from '../record/type-description.ts'
import { inferType, joinTypes } from '../record/type-inference.ts'

/** Values that are looked at: enough for people to see what a state holds. */
const samplesMax = 16

/** The type of a state that none was declared for, from some of its values. */
export class InferredType {
  #type: TypeDescription = { kind: 'nothing' }
  #samplesLeft = samplesMax

  /** Whether more values are wanted. */
  get wantsMore(): boolean {
    return this.#samplesLeft > 0
  }

  add(value: unknown): void {
    this.#samplesLeft--
    this.#type = joinTypes(this.#type, inferType(value))
  }

  /** `generic` if there was no value. */
  get type(): TypeDescription {
    return this.#type.kind === 'nothing' ? { kind: 'generic' } : this.#type
  }
}

/** The type of a state that several subtasks had: each may have inferred it from other values. */
export function joinRestoredTypes(a: TypeDescription, b: TypeDescription): TypeDescription {
  return descriptionText(a) === descriptionText(b) ? a : joinTypes(a, b)
}
