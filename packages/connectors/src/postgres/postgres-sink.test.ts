import type { SinkWriter } from '@millrace/runtime/connector'
import { RecordedMetrics, SimulatedClock, testJobInfo, testSinkWriterContext } from '@millrace/runtime/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PostgresSink } from './postgres-sink.ts'
import type { PostgresTableOptions } from './postgres-sink-options.ts'
import { connectionLost, FakePostgres, serverError, type Trouble } from './testing/fake-postgres.ts'

interface Change {
  readonly id: number
  readonly city?: string
  readonly isGone?: boolean
}

const change = (id: number, city: string): Change => ({ id, city })

interface World {
  readonly database: FakePostgres
  readonly clock: SimulatedClock
  readonly metrics: RecordedMetrics
  readonly writer: SinkWriter<Change>
}

async function open(
  database: FakePostgres,
  options: Partial<PostgresTableOptions<Change>> = {},
  signal?: AbortSignal,
): Promise<World> {
  const clock = new SimulatedClock()
  const metrics = new RecordedMetrics()
  const sink = PostgresSink.forTable<Change>({
    client: database.connect,
    host: 'db',
    database: 'shop',
    table: 'users',
    columns: ['id', 'city'],
    primaryKey: 'id',
    isDelete: ({ isGone }) => isGone === true,
    ...options,
  })
  const writing = sink.createWriter(
    testSinkWriterContext({ clock, metrics, jobInfo: testJobInfo(), ...(signal && { signal }) }),
  )
  return { database, clock, metrics, writer: await passing(clock, writing) }
}

/** `promise`, while time goes on. */
async function passing<T>(clock: SimulatedClock, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  for (let i = 0; i < 1_000; i++) {
    await turns()
    if (isSettled) break
    clock.advanceTo(clock.nextDueMs())
  }
  return promise
}

/** Lets everything go on that waits for nothing. */
function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('PostgresSink sends a batch in one statement, with the last of several changes of a row', async () => {
  const { database, writer, metrics } = await open(new FakePostgres(['id']), { batchSize: 3 })
  for (const each of [change(1, 'Ulm'), change(2, 'Bonn'), change(1, 'Köln'), change(3, 'Jena')])
    await writer.write(each)
  await writer.flush?.(false)
  expect(database.log).toEqual(['upsert 3'])
  expect(database.rows()).toEqual([
    { id: 1, city: 'Köln' },
    { id: 2, city: 'Bonn' },
    { id: 3, city: 'Jena' },
  ])
  expect(metrics.values()).toEqual({ numRetries: 0, numRecordsSend: 3, numBatchesSend: 1, currentSendTime: 0 })
})

test('PostgresSink deletes by the primary key, before it upserts, and what comes last counts', async () => {
  const { database, writer } = await open(new FakePostgres(['id']))
  for (const each of [change(1, 'Ulm'), change(2, 'Bonn'), change(3, 'Jena')]) await writer.write(each)
  await writer.flush?.(false)
  for (const each of [{ id: 1, isGone: true }, { id: 2, isGone: true }, change(2, 'Mainz'), change(4, 'Trier')]) {
    await writer.write(each)
  }
  await writer.write({ id: 4, isGone: true })
  await writer.flush?.(true)
  expect(database.log).toEqual(['upsert 3', 'delete 2', 'upsert 1'])
  expect(database.rows()).toEqual([
    { id: 2, city: 'Mainz' },
    { id: 3, city: 'Jena' },
  ])
})

test('A key is the same as a number, a bigint and a text', async () => {
  const { database, writer } = await open(new FakePostgres(['id']))
  for (const id of [1, 2n, '1', '2'] as unknown as number[]) await writer.write({ id, city: `${typeof id}` })
  await writer.write({ id: 1, isGone: true })
  await writer.flush?.(false)
  expect(database.rows()).toEqual([{ id: '2', city: 'string' }])
})

test('PostgresSink appends rows where there is no primary key', async () => {
  const options = { primaryKey: [], isDelete: undefined } as unknown as Partial<PostgresTableOptions<Change>>
  const { database, writer } = await open(new FakePostgres(), options)
  for (const each of [change(1, 'Ulm'), change(1, 'Ulm')]) await writer.write(each)
  await writer.flush?.(false)
  expect(database.rows()).toEqual([change(1, 'Ulm'), change(1, 'Ulm')])
})

test('Names are quoted, so that any is what it says', async () => {
  const database = new FakePostgres(['user "id"'])
  const { writer } = await open(database, {
    schema: 'Crm',
    table: 'date',
    columns: { 'user "id"': ({ id }) => id, select: ({ city }) => city },
    primaryKey: 'user "id"',
  })
  await writer.write(change(1, 'Ulm'))
  await writer.write({ id: 2, isGone: true })
  await writer.flush?.(false)
  expect(database.texts).toEqual([
    'delete from "Crm"."date" t using json_populate_recordset(null::"Crm"."date", $1::json) gone where t."user ""id""" = gone."user ""id"""',
    'insert into "Crm"."date" ("user ""id""", "select") select "user ""id""", "select" from ' +
      'json_populate_recordset(null::"Crm"."date", $1::json) on conflict ("user ""id""") do update set "select" = excluded."select"',
  ])
})

test('A batch is sent when its time has come', async () => {
  const { database, writer, clock } = await open(new FakePostgres(['id']), { batchIntervalMs: 500 })
  await writer.write(change(1, 'Ulm'))
  clock.advanceTo(499)
  await writer.write(change(2, 'Bonn'))
  await turns()
  expect(database.log).toEqual([])
  clock.advanceTo(500)
  await turns()
  expect(database.log).toEqual(['upsert 2'])
})

test('A batch is sent when it is large enough in bytes', async () => {
  const { database, writer } = await open(new FakePostgres(['id']), { batchBytes: 60 })
  for (let id = 0; id < 6; id++) await writer.write(change(id, 'Ulm'))
  await turns()
  expect(database.log).toEqual(['upsert 3', 'upsert 3'])
})

test('Input waits while one batch is under way and the next one is full', async () => {
  const { database, writer } = await open(new FakePostgres(['id']), { batchSize: 2 })
  database.hold()
  const pushedBack: boolean[] = []
  for (let id = 0; id < 4; id++) {
    const waiting = writer.write(change(id, 'Ulm'))
    pushedBack.push(waiting !== undefined)
    if (waiting === undefined) continue
    database.release()
    await waiting
  }
  expect(pushedBack).toEqual([false, false, false, true])
  await writer.flush?.(false)
  expect(database.log).toEqual(['upsert 2', 'upsert 2'])
})

test('A flush waits for a batch that became due while another one was under way', async () => {
  const { database, writer, clock } = await open(new FakePostgres(['id']), { batchSize: 2, batchIntervalMs: 100 })
  database.hold()
  for (let id = 0; id < 3; id++) await writer.write(change(id, 'Ulm'))
  clock.advanceTo(100)
  const flushing = Promise.resolve(writer.flush?.(false)).then(() => database.rows().length)
  await turns()
  database.release()
  expect(await flushing).toBe(3)
  expect(database.log).toEqual(['upsert 2', 'upsert 1'])
})

test('A batch is sent again over a new connection, after waits that double, when the connection is lost', async () => {
  const database = new FakePostgres(['id'])
  const { writer, clock, metrics } = await open(database)
  database.troubles.push(
    { error: connectionLost(), when: 'after' },
    { error: new Error('Connection terminated unexpectedly'), when: 'before' },
  )
  database.connectTroubles.push(serverError('57P03', 'the database system is starting up'))
  await writer.write(change(1, 'Ulm'))
  await passing(clock, Promise.resolve(writer.flush?.(false)))
  expect(database.rows()).toEqual([change(1, 'Ulm')])
  expect({ ...metrics.values(), connections: database.connectionCount }).toEqual({
    connections: 3,
    currentSendTime: 7_000,
    numBatchesSend: 1,
    numRecordsSend: 1,
    numRetries: 3,
  })
})

test.each<[string, Error, object]>([
  [
    'a lost connection',
    connectionLost(),
    { code: 'DATABASE_UNREACHABLE', facts: { database: 'db:5432/shop', table: 'users', attempts: 3 } },
  ],
  [
    'a deadlock',
    serverError('40P01', 'deadlock detected'),
    { code: 'STATEMENT_FAILED', facts: { database: 'db:5432/shop', table: 'users', sqlState: '40P01', attempts: 3 } },
  ],
])('After %s on all attempts the job fails', async (_, error, expected) => {
  const database = new FakePostgres(['id'])
  const { writer, clock } = await open(database, { maxRetries: 2 })
  database.troubles.push(...Array.from({ length: 3 }, (): Trouble => ({ error, when: 'before' })))
  await writer.write(change(1, 'Ulm'))
  await expect(passing(clock, Promise.resolve(writer.flush?.(false)))).rejects.toMatchObject(expected)
  expect(() => writer.write(change(2, 'Ulm'))).toThrow('in 3 attempts')
})

test('A statement without an answer is given up after its time', async () => {
  const database = new FakePostgres(['id'])
  const { writer, clock } = await open(database, { maxRetries: 0, statementTimeoutMs: 2_000 })
  database.hold()
  await writer.write(change(1, 'Ulm'))
  await expect(passing(clock, Promise.resolve(writer.flush?.(false)))).rejects.toMatchObject({
    code: 'TIMED_OUT',
    message:
      'Cannot write 1 row to table "users" (db:5432/shop): there was no answer within 2000 ms. Somebody may hold a lock: see pg_stat_activity.',
  })
})

test('The row that is refused is named', async () => {
  const refuse = (row: object) =>
    'city' in row && row.city === 'Atlantis'
      ? serverError('23514', 'new row for relation "users" violates check constraint "users_city_check"', {
          constraint: 'users_city_check',
          detail: 'Failing row contains (7, Atlantis).',
        })
      : undefined
  const database = new FakePostgres(['id'], refuse)
  const { writer } = await open(database)
  for (let id = 0; id < 20; id++) await writer.write(change(id, id === 7 ? 'Atlantis' : 'Ulm'))
  await expect(writer.flush?.(false)).rejects.toMatchObject({
    code: 'CONSTRAINT_VIOLATED',
    isLasting: true,
    message:
      'Cannot write 20 rows to table "users" (db:5432/shop): new row for relation "users" violates check constraint ' +
      '"users_city_check". Failing row contains (7, Atlantis) (SQLSTATE 23514). The row: { id: 7, city: \'Atlantis\' }. Leave such ' +
      'rows out before the sink.',
    facts: {
      database: 'db:5432/shop',
      table: 'users',
      sqlState: '23514',
      constraint: 'users_city_check',
      row: "{ id: 7, city: 'Atlantis' }",
    },
  })
  expect(database.rows()).toEqual([])
})

test('Rows whose keys are equal only to PostgreSQL go one after the other', async () => {
  const database = new FakePostgres(['id'])
  const { writer } = await open(database)
  const repeated = serverError('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time')
  database.troubles.push({ error: repeated, when: 'before' })
  for (let id = 0; id < 4; id++) await writer.write(change(id, 'Ulm'))
  await writer.flush?.(false)
  expect(database.log).toEqual(['upsert 2', 'upsert 2'])
})

test.each<[sqlState: string, message: string, code: string, isLasting: true | undefined]>([
  ['42P01', 'relation "users" does not exist', 'UNKNOWN_TABLE', true],
  ['42703', 'column "city" does not exist', 'UNKNOWN_COLUMN', true],
  ['42P10', 'there is no unique or exclusion constraint matching', 'NO_UNIQUE_CONSTRAINT', true],
  ['42501', 'permission denied for table users', 'NOT_AUTHORIZED', true],
  ['28P01', 'password authentication failed for user "ann"', 'AUTHENTICATION_FAILED', true],
  ['3D000', 'database "shop" does not exist', 'UNKNOWN_DATABASE', true],
  ['XX000', 'internal error', 'STATEMENT_FAILED', undefined],
])('SQLSTATE %s fails the job when it starts: %s', async (sqlState, message, code, isLasting) => {
  const database = new FakePostgres(['id'])
  database.connectTroubles.push(serverError(sqlState, message))
  const error: unknown = await open(database).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code, message: expect.stringContaining(`${message} (SQLSTATE ${sqlState})`) })
  expect(Reflect.get(Object(error), 'isLasting')).toBe(isLasting)
})

test.each<[string, Error, string]>([
  [
    'The server does not support SSL connections',
    new Error('The server does not support SSL connections'),
    'TLS_FAILED',
  ],
  [
    'self-signed certificate',
    Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'TLS_FAILED',
  ],
  [
    'client password must be a string',
    new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
    'AUTHENTICATION_FAILED',
  ],
])('A connection that is refused is not tried again: %s', async (_, error, code) => {
  const database = new FakePostgres(['id'])
  database.connectTroubles.push(error)
  await expect(open(database)).rejects.toMatchObject({ code, isLasting: true })
  expect(database.connectTroubles).toEqual([])
})

test('Waits end when the job is canceled', async () => {
  const abort = new AbortController()
  const database = new FakePostgres(['id'])
  const { writer } = await open(database, {}, abort.signal)
  database.troubles.push({ error: connectionLost(), when: 'before' })
  await writer.write(change(1, 'Ulm'))
  const flushing = writer.flush?.(false)
  await turns()
  abort.abort()
  await expect(flushing).rejects.toMatchObject({ code: 'CLOSED' })
  await writer.close?.()
})

test('A record without a value for its key is refused', async () => {
  const { writer } = await open(new FakePostgres(['id']))
  expect(() => writer.write({ city: 'Ulm' } as unknown as Change)).toThrow(
    'Cannot write { city: \'Ulm\' } to table "users": it has no value for "id", which is a part of the primary key.',
  )
})

test("A statement of one's own is executed for each record, in one transaction a batch", async () => {
  const database = new FakePostgres()
  const sink = PostgresSink.forStatement<Change>({
    client: database.connect,
    statement: 'call visit($1)',
    values: ({ id }) => [id],
  })
  const writer = await sink.createWriter(testSinkWriterContext({ clock: new SimulatedClock() }))
  await writer.write(change(1, 'Ulm'))
  await writer.write(change(1, 'Ulm'))
  await writer.flush?.(false)
  expect(database.log).toEqual(['begin', 'call visit($1) [1]', 'call visit($1) [1]', 'commit'])
  database.troubles.push(undefined, undefined, {
    error: serverError('40001', 'could not serialize access'),
    when: 'before',
  })
})

test.each<[string, Partial<PostgresTableOptions<Change>>, string]>([
  ['an url of another kind', { url: 'mysql://db' }, 'url: it begins with postgres://'],
  ['both url and host', { url: 'postgres://db/shop' }, 'host: it is a part of url'],
  ['a port', { port: 70_000 }, 'port: it must be an integer from 1 to 65535, not 70000'],
  ['no rows in a batch', { batchSize: 0 }, 'batchSize: it must be an integer of at least 1, not 0'],
  [
    'a key that is no column',
    { primaryKey: ['id', 'land'] },
    'primaryKey: "land" is none of the columns, which are id, city',
  ],
  ['deletes without a key', { primaryKey: [] }, 'isDelete: rows are deleted by their primary key'],
  ['no columns', { columns: {} }, 'columns: at least one is needed'],
  ['a column twice', { columns: ['id', 'id'] }, 'columns: "id" is named twice'],
])('An option that makes no sense is refused at once: %s', async (_, options, message) => {
  await expect(open(new FakePostgres(['id']), options)).rejects.toThrow(message)
})

test('The table is what the changes come to, whatever connections do', async () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ id: fc.integer({ min: 0, max: 5 }), city: fc.constantFrom('Ulm', 'Bonn') }) },
    { weight: 3, arbitrary: fc.record({ id: fc.integer({ min: 0, max: 5 }), isGone: fc.constant(true) }) },
    { weight: 2, arbitrary: fc.constant('flush' as const) },
    { weight: 2, arbitrary: fc.constantFrom<Trouble['when'][]>(['before'], ['after'], ['after', 'before']) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (steps, batchSize) => {
      const database = new FakePostgres(['id'])
      const { writer, clock } = await open(database, { batchSize, maxRetries: 9 })
      const expected = new Map<number, object>()
      for (const each of steps) {
        if (each === 'flush') await passing(clock, Promise.resolve(writer.flush?.(false)))
        else if (Array.isArray(each)) {
          if (database.troubles.length < 4)
            database.troubles.push(...each.map((when) => ({ error: connectionLost(), when })))
        } else {
          await passing(clock, Promise.resolve(writer.write(each)))
          if ('isGone' in each) expected.delete(each.id)
          else expected.set(each.id, each)
        }
      }
      await passing(clock, Promise.resolve(writer.flush?.(true)))
      await writer.close?.()
      const byId = (a: object, b: object) => Number(Reflect.get(a, 'id')) - Number(Reflect.get(b, 'id'))
      expect(database.rows().toSorted(byId)).toEqual([...expected.values()].toSorted(byId))
    }),
    { numRuns: 100 },
  )
})
