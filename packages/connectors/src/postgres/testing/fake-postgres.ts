import type { PostgresClient, PostgresClientFactory, StatementResult } from '../postgres-client.ts'

export type FakeRow = Readonly<Record<string, unknown>>

/** What goes wrong with one statement: before it is executed, or after it was, when only its answer is lost. */
export interface Trouble {
  readonly error: Error
  readonly when: 'before' | 'after'
}

/** An error as a server answers it. */
export function serverError(sqlState: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { code: sqlState, ...more })
}

/** An error as the system answers it. */
export function connectionLost(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
}

/** A database of one table in memory, which understands the statements of a table's writer. */
export class FakePostgres {
  readonly #key: readonly string[]
  readonly #check: (row: FakeRow) => Error | undefined
  readonly #rows = new Map<string, FakeRow>()
  #saved: readonly (readonly [string, FakeRow])[] | undefined
  #appended = 0
  #held: PromiseWithResolvers<void> | undefined
  /** Of the next statements with rows, or attempts to connect; those that succeed are undefined. */
  readonly troubles: (Trouble | undefined)[] = []
  readonly connectTroubles: Error[] = []
  /** Every statement as it was sent, except those without rows. */
  readonly texts: string[] = []
  /** What they were: `upsert 3`, `delete 1`, `begin`. */
  readonly log: string[] = []
  connectionCount = 0

  constructor(key: readonly string[] = [], check: (row: FakeRow) => Error | undefined = () => undefined) {
    this.#key = key
    this.#check = check
  }

  readonly connect: PostgresClientFactory = async (): Promise<PostgresClient> => {
    const error = this.connectTroubles.shift()
    if (error !== undefined) throw error
    this.connectionCount++
    const ended = Promise.withResolvers<never>()
    ended.promise.catch(() => {})
    let isClosed = false
    return {
      query: async (text, values = []) => {
        if (isClosed) throw new Error('Client was closed and is not queryable')
        return await Promise.race([this.#query(text, values), ended.promise])
      },
      close: async () => {
        isClosed = true
        ended.reject(new Error('Connection terminated'))
      },
    }
  }

  /** Statements wait from here on until `release`. */
  hold(): void {
    this.#held = Promise.withResolvers()
  }

  release(): void {
    this.#held?.resolve()
    this.#held = undefined
  }

  /** In the order of their first insertion. */
  rows(): readonly FakeRow[] {
    return [...this.#rows.values()]
  }

  async #query(text: string, values: readonly unknown[]): Promise<StatementResult> {
    if (text.startsWith('select n.nspname')) return { rows: [{ schema: 'public' }] }
    if (values[0] === '[]' || text.startsWith('prepare')) return { rows: [] }
    await this.#held?.promise
    const trouble = this.troubles.shift()
    if (trouble?.when === 'before') throw trouble.error
    this.texts.push(text)
    this.#execute(text, values)
    if (trouble?.when === 'after') throw trouble.error
    return { rows: [] }
  }

  #execute(text: string, values: readonly unknown[]): void {
    if (text === 'begin') this.#saved = [...this.#rows]
    if (text === 'rollback' && this.#saved !== undefined) {
      this.#rows.clear()
      for (const [key, row] of this.#saved) this.#rows.set(key, row)
    }
    if (values.length === 0) {
      this.log.push(text)
      return
    }
    if (!text.includes('json_populate_recordset')) {
      this.log.push(`${text} ${JSON.stringify(values)}`)
      return
    }
    const rows = JSON.parse(String(values[0])) as readonly FakeRow[]
    const kind = text.startsWith('delete') ? 'delete' : 'upsert'
    this.log.push(`${kind} ${rows.length}`)
    const keyOf = (row: FakeRow) => JSON.stringify(this.#key.map((name) => row[name]))
    // All or nothing, as a statement is.
    const refusal = rows.map(this.#check).find((error) => error !== undefined)
    if (refusal !== undefined) throw refusal
    for (const row of rows) {
      if (kind === 'delete') this.#rows.delete(keyOf(row))
      else this.#rows.set(this.#key.length === 0 ? `#${this.#appended++}` : keyOf(row), row)
    }
  }
}
