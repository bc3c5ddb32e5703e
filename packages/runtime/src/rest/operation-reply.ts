import { MillraceError } from '../base/error.ts'
import type { OperationStatus } from './async-operations.ts'
import type { Reply } from './route.ts'

/**
 * How an operation stands, in Flink's shape. A failure has `code`, `message` and `facts` of ours besides; there is no Java
 * object to serialize.
 *
 * @param describe - makes the `operation` of what the operation resolved with.
 */
export function operationReply(status: OperationStatus, describe: (result: unknown) => unknown): Reply {
  switch (status.kind) {
    case 'in progress':
      return { status: 200, body: { status: { id: 'IN_PROGRESS' }, operation: null } }
    case 'done':
      return { status: 200, body: { status: { id: 'COMPLETED' }, operation: describe(status.result) } }
    case 'failed': {
      const operation = { 'failure-cause': failureCause(status.error) }
      return { status: 200, body: { status: { id: 'COMPLETED' }, operation } }
    }
  }
}

export function failureCause(error: unknown): Readonly<Record<string, unknown>> {
  const isError = error instanceof Error
  const name = isError ? error.name : 'Error'
  const message = isError ? error.message : String(error)
  return {
    class: name,
    'stack-trace': `${name}: ${message}`,
    'serialized-throwable': '',
    code: error instanceof MillraceError ? error.code : 'UNEXPECTED',
    message,
    facts: error instanceof MillraceError ? plainFacts(error.facts) : {},
  }
}

/** Only what JSON keeps as it is, and what is no secret of the process: texts, numbers, truth. */
function plainFacts(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  )
}
