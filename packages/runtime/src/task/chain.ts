import { assert } from '../base/assert.ts'
import type { InputStatus, SourceReader, SourceSplit } from '../connector/source.ts'
import type { ChainedOperator, JobEdge, JobVertex } from '../graph/job-graph.ts'
import { generateOperator } from '../operators/generate-operator.ts'
import type { GeneratedOperator, OperatorOutputs } from '../operators/generated-operator.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import { OperatorError } from '../operators/operator-error.ts'
import { NO_RECORD, OperatorFailure } from '../operators/operator-failure.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'

/** What a chain is compiled from. */
export interface ChainParts {
  readonly vertex: JobVertex
  readonly edges: readonly JobEdge[]
  /** Of each operator of the vertex, in order. */
  readonly definitions: readonly OperatorDefinition[]
  /** What writes to the network: `emit` of the record writer of `JobEdge.index`. */
  readonly networkOutputs: ReadonlyMap<number, (record: unknown) => void>
  readonly availability: OutputAvailability
  readonly wake: () => void
  /** Called with each record that an operator emits, if records are to be checked for mutation. */
  readonly checkEmitted: ((operatorIndex: number, record: unknown) => void) | undefined
  /** Tells this chain from every other one in the thread. */
  readonly label: string
}

/** The operators of one subtask, compiled into one function. */
export interface Chain {
  readonly operators: readonly (GeneratedOperator | undefined)[]
  readonly outputs: readonly OperatorOutputs[]
  /** The head's inputs: [0] of a one-input head; [1] and [2] of a two-input head. */
  readonly inputs: readonly ((record: unknown) => void)[]
  /** Has a source reader emit at most `recordsMax` records into the chain. */
  poll(reader: SourceReader<unknown, SourceSplit>, recordsMax: number): InputStatus
  /** Records that the source reader emitted. */
  recordsFromSource(): number
  /** Records given to the chain's sinks. */
  recordsToSinks(): number
  /** The first failure, also when a user's function swallowed it. */
  failure(): OperatorFailure | undefined
  /** From now on a function that collects a record, e.g. in a callback of its own, gets an error. */
  refuseRecords(): void
}

/**
 * Compiles a chain: one function made of one local function an operator, with the users' functions as parameters. V8
 * then inlines the chain; shared operator objects would cost ten times as much per record and operator. The source
 * URL differs for every chain because V8 shares type feedback between functions of equal text.
 */
export function compileChain(parts: ChainParts): Chain {
  const { vertex, availability, wake } = parts
  const failed: { error: OperatorFailure | undefined } = { error: undefined }

  const fail = (operatorIndex: number, value: unknown, error: unknown): never => {
    failed.error ??=
      error instanceof OperatorFailure
        ? error
        : new OperatorFailure(vertex.operators[operatorIndex]!.name, value, error)
    // Whoever called may be a callback of the user's own, outside of any visit.
    wake()
    throw failed.error
  }

  const parameters: Record<string, unknown> = { availability, fail, checkEmitted: parts.checkEmitted }
  const generated = parts.definitions.map((definition, i) =>
    definition.kind === 'source' ? undefined : generateOperator(i, definition),
  )
  const texts = vertex.operators.map((operator, i) => {
    for (const [name, value] of Object.entries(generated[i]?.parameters ?? {})) parameters[name + i] = value
    return (generated[i]?.text ?? '') + outputText(parts, operator, i, parameters)
  })

  const headKind = parts.definitions[0]!.kind
  const body = `'use strict'
let recordsToSinks = 0
let recordsFromSource = 0
let recordsLeft = 0
${texts.join('\n')}
const readerOutput = {
  collect(value, timestampMs) {
    recordsFromSource++
    ${headKind === 'source' ? 'emit0(value)' : ''}
    return --recordsLeft > 0 && !availability.stop
  },
}
return {
  inputs: [${headInputs(headKind)}],
  emits: [${vertex.operators.map((_, i) => `emit${i}`)}],
  collectors: [${vertex.operators.map((_, i) => `collector${i}`)}],
  sides: [${vertex.operators.map((_, i) => `side${i}`)}],
  poll(reader, recordsMax) {
    recordsLeft = recordsMax
    return reader.pollNext(readerOutput)
  },
  recordsFromSource: () => recordsFromSource,
  recordsToSinks: () => recordsToSinks,
}
//# sourceURL=millrace-chain/${encodeURIComponent(parts.label.toWellFormed())}.js`

  const compiled = instantiate(parameters, body)
  const outputs = vertex.operators.map(
    (_, i): OperatorOutputs => ({
      emit: compiled.emits[i]!,
      side: compiled.sides[i]!,
      collector: compiled.collectors[i]!,
      fail: (value, error) => fail(i, value, error),
      availability,
      wake,
    }),
  )
  for (const [i, operator] of generated.entries()) operator?.connect?.(outputs[i]!)
  return {
    operators: generated,
    outputs,
    inputs: compiled.inputs,
    poll: compiled.poll,
    recordsFromSource: compiled.recordsFromSource,
    recordsToSinks: compiled.recordsToSinks,
    failure: () => failed.error,
    refuseRecords() {
      for (const [i, output] of outputs.entries()) {
        const refuse = () => fail(i, NO_RECORD, collectedTooLate())
        output.collector.collect = refuse
        output.side = refuse
      }
    },
  }
}

interface CompiledChain extends Pick<Chain, 'inputs' | 'poll' | 'recordsFromSource' | 'recordsToSinks'> {
  readonly emits: readonly ((value: unknown) => void)[]
  readonly collectors: readonly { collect(value: unknown): void }[]
  readonly sides: readonly ((tagId: string, value: unknown) => void)[]
}

function instantiate(parameters: Record<string, unknown>, body: string): CompiledChain {
  return new Function(...Object.keys(parameters), body)(...Object.values(parameters)) as CompiledChain
}

/** `emit<i>` and `side<i>`: who takes what operator `i` puts out. */
function outputText(
  parts: ChainParts,
  operator: ChainedOperator,
  i: number,
  parameters: Record<string, unknown>,
): string {
  const main: string[] = []
  const side = new Map<string, string[]>()
  const add = (tag: string | null, call: string) => {
    if (tag === null) main.push(call)
    else side.set(tag, [...(side.get(tag) ?? []), call])
  }
  for (const output of operator.chainedTo) add(output.outputTag, `input${output.operatorIndex}(value)`)
  for (const edgeIndex of operator.networkOutputs) {
    const write = parts.networkOutputs.get(edgeIndex)
    assert(write !== undefined, () => `edge ${edgeIndex} has no record writer`)
    parameters[`write${edgeIndex}`] = write
    // What cannot be written (or has no key) is this operator's doing, not that of whoever called it.
    const call = `try { write${edgeIndex}(value) } catch (error) { fail(${i}, value, error) }`
    add(parts.edges[edgeIndex]!.outputTag, call)
  }
  const check =
    parts.checkEmitted === undefined
      ? ''
      : `try { checkEmitted(${i}, value) } catch (error) { fail(${i}, value, error) } `
  const cases = [...side].map(([tag, calls]) => `case ${JSON.stringify(tag)}: ${check}${calls.join('; ')}; break`)
  return `
function emit${i}(value) { ${check}${main.join('; ')} }
const collector${i} = { collect: emit${i} }
function side${i}(tagId, value) { switch (tagId) { ${cases.join('\n')} } }`
}

function headInputs(kind: OperatorDefinition['kind']): string {
  switch (kind) {
    case 'source':
      return ''
    case 'co-map':
    case 'co-flat-map':
    case 'co-process':
      return 'undefined, input0First, input0Second'
    default:
      return 'input0'
  }
}

function collectedTooLate(): OperatorError {
  return new OperatorError(
    'COLLECTED_TOO_LATE',
    'A record was collected after the end of the input, or after the job was canceled. Collect within the call that a record or endInput comes with, never in a callback or a promise that outlives it.',
  )
}
