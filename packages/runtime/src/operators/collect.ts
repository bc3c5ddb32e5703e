import type { GeneratedOperator, OperatorContext, OperatorOutputs } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'
import { NO_RECORD } from './operator-failure.ts'

const BATCH_MAX = 256

/** Sends records to the program that started the job; at most `limit` from each subtask. */
export function generateCollect(i: number, name: string, limit: number): GeneratedOperator {
  const buffer = new CollectBuffer(name, limit)
  return {
    parameters: { buffer },
    connect: (outputs) => buffer.connect(outputs),
    open: (context) => buffer.open(context),
    // Called after each visit, so that the program sees records soon; and at the end of input.
    paused: buffer,
    flush: () => buffer.send(),
    text: `
function input${i}(value) {
  recordsToSinks++
  try { buffer${i}.add(value) } catch (error) { fail(${i}, value, error) }
}`,
  }
}

class CollectBuffer {
  readonly #name: string
  readonly #limit: number
  #outputs!: OperatorOutputs
  #context!: OperatorContext
  #records: unknown[] = []
  #count = 0

  constructor(name: string, limit: number) {
    this.#name = name
    this.#limit = limit
  }

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
  }

  open(context: OperatorContext): void {
    this.#context = context
  }

  add(record: unknown): void {
    if (++this.#count > this.#limit) {
      throw new OperatorError(
        'COLLECT_LIMIT_EXCEEDED',
        `collect("${this.#name}") took more than its limit of ${this.#limit} records. Raise it by collect("${this.#name}", { limit }), or write to a sink.`,
        { name: this.#name, limit: this.#limit },
      )
    }
    this.#records.push(record)
    if (this.#records.length >= BATCH_MAX) this.send()
  }

  resume(): 'done' {
    this.send()
    return 'done'
  }

  send(): void {
    if (this.#records.length === 0) return
    const records = this.#records
    this.#records = []
    try {
      this.#context.collected(this.#name, records)
    } catch (error) {
      // The error tells the path to what cannot be sent, in the batch.
      this.#outputs.fail(NO_RECORD, error)
    }
  }
}
