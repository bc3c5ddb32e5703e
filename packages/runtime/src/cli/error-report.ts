import { MillraceError } from '../base/error.ts'

/** A chain of causes longer than this is cut. */
const causesMax = 10

/** What follows it in a message says what would do. */
const remedyMark = ' Remedy: '

/** Hints by code, for errors whose message does not end with one. */
const hints: Readonly<Record<string, string>> = {
  UNSUPPORTED_JOB_FILE: 'a job is named by its file: millrace run src/job.ts',
  JOB_FILE_NOT_FOUND: 'a job is named by its file: millrace run src/job.ts',
  JOB_FILE_IS_DIRECTORY: 'a job is named by its file: millrace run src/job.ts',
  NO_DEFAULT_EXPORT: 'README.md shows a job of ten lines',
  NOT_A_JOB: 'README.md shows a job of ten lines',
  UNKNOWN_OPTION: 'docs/configuration.md lists all options',
  ILL_TYPED_VALUE: 'docs/configuration.md lists all options with their types',
  MALFORMED_PROPERTY: 'options are set by -D key=value; docs/configuration.md lists them',
}

/** Hints by code, for messages that say what would do only sometimes. */
const lastHints: Readonly<Record<string, string>> = {
  NO_SAVEPOINT_DIRECTORY: 'name a directory, or set execution.checkpointing.savepoint-dir when the job is run',
  SAVEPOINT_FAILED: 'the job goes on; its log may say more',
  RESCALE_REFUSED: 'nothing was stopped: the job runs on as it was',
  RESCALE_FAILED: 'the job runs at its old parallelism again; its log may say more',
  JOB_NOT_RUNNING: 'try again when millrace list shows it as RUNNING',
}

/**
 * What people see of an error: `error: ...` in one line, `hint: ...` in another, and if `verbose` the stacks, the innermost
 * cause first, for that is where their own code is.
 */
export function errorReport(error: unknown, verbose: boolean): readonly string[] {
  const chain = causesOf(error)
  const { message, hint } = messageAndHint(error, chain.length > 1, verbose)
  const head = [`error: ${oneLine(message)}`, `hint: ${oneLine(hint)}`]
  if (!verbose) return head
  const stacks = chain.toReversed().flatMap((each, i) => {
    const text = each instanceof Error ? (each.stack ?? messageOf(each)) : messageOf(each)
    return `${i === 0 ? 'cause' : 'raised as'}: ${text}`.split('\n')
  })
  return [...head, ...stacks]
}

/** What would do. */
export function errorHint(error: unknown): string {
  return oneLine(messageAndHint(error, causesOf(error).length > 1, false).hint)
}

/** Stable code and message of any error, for the summary. */
export function errorFacts(error: unknown): { readonly code: string; readonly message: string } {
  return { code: error instanceof MillraceError ? error.code : 'UNEXPECTED', message: messageOf(error) }
}

function messageAndHint(
  error: unknown,
  hasCause: boolean,
  verbose: boolean,
): { readonly message: string; readonly hint: string } {
  const message = messageOf(error)
  if (error instanceof MillraceError) {
    const hint = error.facts.hint ?? hints[error.code]
    if (typeof hint === 'string') return { message, hint }
    const remedy = message.lastIndexOf(remedyMark)
    if (remedy !== -1) return { message: message.slice(0, remedy), hint: message.slice(remedy + remedyMark.length) }
    // By our style a second sentence says what would do. With a cause the message may quote somebody else's.
    const split = hasCause && !isOurStyle(error.cause) ? undefined : secondSentence(message, ownBegin(error))
    if (split !== undefined) return { message: message.slice(0, split), hint: message.slice(split) }
    const last = lastHints[error.code]
    if (last !== undefined && !verbose) return { message, hint: last }
  }
  if (verbose) return { message, hint: 'the stacks below show where it comes from' }
  return { message, hint: `run again with --verbose to see ${hasCause ? 'the cause' : 'where it comes from'}` }
}

/** Connectors' errors have names of their own, and lose their class when they come from a thread. */
function isOurStyle(cause: unknown): boolean {
  return cause instanceof MillraceError
}

/** Where the words of the cause begin in a message that ends with them. */
function ownBegin({ message, cause }: Error): number {
  return cause instanceof Error && message.endsWith(cause.message) ? message.length - cause.message.length : 0
}

/** Where it begins, outside of quotes. */
function secondSentence(message: string, begin: number): number | undefined {
  for (const match of message.matchAll(/\.\s+(?=[A-Z])/g)) {
    if (match.index < begin) continue
    const isQuoted = message.slice(0, match.index).split('"').length % 2 === 0
    if (!isQuoted) return match.index + 1
  }
  return undefined
}

function causesOf(error: unknown): readonly unknown[] {
  const chain = [error]
  for (let next = error; next instanceof Error && next.cause !== undefined && chain.length < causesMax; ) {
    next = next.cause
    if (chain.includes(next)) break
    chain.push(next)
  }
  return chain
}

function messageOf(error: unknown): string {
  if (error instanceof MillraceError) return error.message
  if (error instanceof Error) return `${error.name}: ${error.message}`
  return String(error)
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
