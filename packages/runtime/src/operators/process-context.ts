import type { ProcessContext } from './functions.ts'
import type { OperatorContext, OperatorOutputs, OperatorStates } from './generated-operator.ts'

/** The context of one process operator. Records carry no timestamp until event time comes. */
export class OperatorProcessContext implements ProcessContext {
  #outputs!: OperatorOutputs
  #operatorContext!: OperatorContext

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
  }

  declareState(_states: OperatorStates): void {}

  open(operatorContext: OperatorContext): void {
    this.#operatorContext = operatorContext
  }

  output<X>(tag: { readonly id: string; readonly recordType?: X }, value: X): void {
    this.#outputs.side(tag.id, value)
  }

  timestamp(): number | undefined {
    return undefined
  }

  currentProcessingTime(): number {
    return this.#operatorContext.clock.now()
  }
}
