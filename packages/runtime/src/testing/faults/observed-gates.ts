import type { GateMemory } from '../../exchange/gate-memory.ts'
import { channelWords, FILLED_HEAD, FILLED_TAIL, FREE_HEAD, FREE_TAIL, gateLayout } from '../../exchange/gate-memory.ts'
import type { InputGate, InputGateOptions } from '../../exchange/input-gate.ts'
import { expectNone } from './fault-violation.ts'

type CountedGate = Pick<InputGate<unknown>, 'ownedSegments' | 'pooledSegments'>

/** All gates of the running plan, those of attempts that have ended included: their segments stay where they were. */
class ObservedGates {
  #gates: { readonly memory: GateMemory; readonly gate: CountedGate }[] = []

  add(memory: GateMemory, gate: CountedGate): void {
    this.#gates.push({ memory, gate })
  }

  forget(): void {
    this.#gates = []
  }

  get count(): number {
    return this.#gates.length
  }

  /** Each segment is owned by a channel or at home in the pool; each of a channel is a credit, in flight, or being filled. */
  check(): void {
    expectNone('Segments', [...this.#violations()])
  }

  *#violations(): Generator<string> {
    for (const { memory, gate } of this.#gates) {
      const layout = gateLayout(memory)
      let owned = gate.pooledSegments
      for (let channel = 0; channel < memory.channelCount; channel++) {
        const { int32 } = channelWords(memory, layout, channel)
        const credits = int32[FREE_HEAD]! - int32[FREE_TAIL]!
        const inFlight = int32[FILLED_HEAD]! - int32[FILLED_TAIL]!
        const ownedByChannel = gate.ownedSegments(channel)
        const open = ownedByChannel - credits - inFlight
        if (credits < 0 || inFlight < 0 || open < 0 || open > 1) {
          yield `a channel of ${ownedByChannel} segments has ${credits} credits and ${inFlight} in flight`
        }
        owned += ownedByChannel
      }
      if (owned !== layout.segmentCount) yield `of ${layout.segmentCount} segments ${owned} are left`
    }
  }
}

export const gates: ObservedGates = new ObservedGates()

/** The module of input gates, with gates that are observed: for `vi.mock`. */
export function observed<M extends { readonly InputGate: typeof InputGate }>(original: M): M {
  class ObservedGate<T> extends original.InputGate<T> {
    constructor(options: InputGateOptions<T>) {
      super(options)
      gates.add(options.memory, this)
    }
  }
  return { ...original, InputGate: ObservedGate }
}
