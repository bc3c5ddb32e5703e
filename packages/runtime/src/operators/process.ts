import type { ProcessContext, ProcessFunction } from './functions.ts'
import type { GeneratedOperator, OperatorContext, OperatorOutputs } from './generated-operator.ts'
import { PausedIteration } from './paused-iteration.ts'
import { callText, lifeCycleOf, pausableInputText } from './user-function.ts'

/** As flat map, with side outputs and the time. */
export function generateProcess(i: number, fn: ProcessFunction<unknown, unknown>): GeneratedOperator {
  return {
    ...processParts(fn),
    text: pausableInputText(i, `input${i}`, callText(fn, i, 'processElement'), `context${i}, collector${i}`),
  }
}

/** What process operators have in common, whatever inputs they have: the text sees `fn`, `paused` and `context`. */
export function processParts(fn: unknown): Omit<GeneratedOperator, 'text'> {
  const paused = new PausedIteration()
  const context = new OperatorProcessContext()
  const lifeCycle = lifeCycleOf(fn)
  return {
    ...lifeCycle,
    parameters: { fn, paused, context },
    paused,
    connect(outputs) {
      paused.connect(outputs)
      context.connect(outputs)
    },
    open(operatorContext) {
      context.open(operatorContext)
      return lifeCycle.open?.(operatorContext)
    },
  }
}

/** The context of one process operator. Records carry no timestamp until event time comes. */
class OperatorProcessContext implements ProcessContext {
  #outputs!: OperatorOutputs
  #operatorContext!: OperatorContext

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
  }

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
