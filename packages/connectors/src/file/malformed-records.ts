import {
  ConnectorError,
  type Counter,
  type MetricGroup,
  preview,
  type StandardSchemaV1,
} from '@millrace/runtime/connector'

/** What happens to a record that cannot be read: `fail` the job, or `skip` the record and count it. */
export type OnMalformed = 'fail' | 'skip'

/** Returned in place of a record that is left out. */
export const SKIPPED: unique symbol = Symbol('skipped')

/** Fails or counts, as the user chose. The counter is called `malformedRecords`. */
export class MalformedRecords {
  readonly #counter: Counter
  readonly #onMalformed: OnMalformed

  constructor(onMalformed: OnMalformed, metrics: MetricGroup) {
    this.#onMalformed = onMalformed
    this.#counter = metrics.counter('malformedRecords')
  }

  /** `describePlace` names the file and the record; `shown` is what stands there; `reason` ends the sentence. */
  report(describePlace: () => string, shown: unknown, reason: string, cause?: unknown): typeof SKIPPED {
    this.#counter.inc()
    if (this.#onMalformed === 'skip') return SKIPPED
    const place = describePlace()
    throw new ConnectorError(
      'MALFORMED_RECORD',
      `Cannot read ${place}: ${reason}. It is: ${preview(shown)}. Pass onMalformed: 'skip' to leave such records out.`,
      { place, record: preview(shown) },
      cause === undefined ? undefined : { cause },
    )
  }

  /** What `schema` makes of `value`. Without a schema the value is taken at its word. */
  validate<T>(
    schema: StandardSchemaV1<unknown, T> | undefined,
    value: unknown,
    describePlace: () => string,
  ): T | typeof SKIPPED {
    if (schema === undefined) return value as T
    const result = schema['~standard'].validate(value)
    if (result instanceof Promise) {
      throw new ConnectorError(
        'ASYNC_SCHEMA',
        `Cannot check ${describePlace()}: the schema (${schema['~standard'].vendor}) validates asynchronously. ` +
          'Use a schema without asynchronous checks here.',
        { vendor: schema['~standard'].vendor },
      )
    }
    if (result.issues === undefined) return result.value
    return this.report(
      describePlace,
      value,
      `it does not fit the schema: ${result.issues.map(describeIssue).join('; ')}`,
    )
  }
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
