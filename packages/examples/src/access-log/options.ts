import { parseArgs } from 'node:util'
import { wholeNumberOption } from '../whole-number-option.ts'

/** Where lines come from: files, or a generator with a limit or without one. */
export type AccessLogInput =
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  | { readonly kind: 'generated'; readonly lineCount: number | undefined; readonly linesPerSecond: number | undefined }

export interface AccessLogOptions {
  readonly input: AccessLogInput
  readonly topCount: number
  readonly refreshMs: number
}

/** About twelve seconds of a busy site. */
const linesDefault = 3_000_000
const rateDefault = 250_000

/** Reads the arguments of the job; `usage` in `examples.ts` describes them. */
export function accessLogOptions(args: readonly string[]): AccessLogOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      input: { type: 'string', multiple: true },
      lines: { type: 'string' },
      rate: { type: 'string' },
      unbounded: { type: 'boolean', default: false },
      top: { type: 'string', default: '10' },
      refresh: { type: 'string', default: '2' },
    },
  })
  const generates = values.lines !== undefined || values.rate !== undefined || values.unbounded
  if (values.input !== undefined && generates) {
    throw new Error('--lines, --rate and --unbounded are for the generated log: leave them out, or leave out --input')
  }
  if (values.lines !== undefined && values.unbounded) throw new Error('give either --lines or --unbounded')
  const lines = values.lines === undefined ? linesDefault : wholeNumberOption('lines', values.lines)
  const rate = values.rate === undefined ? rateDefault : wholeNumberOption('rate', values.rate)
  return {
    input:
      values.input !== undefined
        ? { kind: 'files', paths: values.input }
        : {
            kind: 'generated',
            lineCount: values.unbounded ? undefined : lines,
            linesPerSecond: rate === 0 ? undefined : rate,
          },
    topCount: wholeNumberOption('top', values.top),
    refreshMs: wholeNumberOption('refresh', values.refresh) * 1_000,
  }
}
