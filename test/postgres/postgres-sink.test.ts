// The sink against a real server.
import { PostgresSink, type PostgresTableOptions } from '@millrace/connectors/postgres'
import { RecordedMetrics, SystemClock, testSinkWriterContext } from '@millrace/runtime/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PostgresServer } from '../../scripts/postgres/postgres-server.ts'
import { query } from './query.ts'
import { startTestPostgres } from './test-postgres.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startTestPostgres()
})
afterAll(() => server.stop())

const clock = new SystemClock()

/** Writes `records` through one writer, and flushes. */
async function write<T>(sink: PostgresSink<T>, ...records: readonly T[]): Promise<void> {
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  try {
    for (const record of records) await writer.write(record)
    await writer.flush?.(true)
  } finally {
    await writer.close?.()
  }
}

const ask = (text: string) => query(server.url, text)

interface City {
  readonly id: number
  readonly name: string | null
}

function cities(table: string, options: Partial<PostgresTableOptions<City>> = {}): PostgresSink<City> {
  return PostgresSink.forTable<City>({ url: server.url, table, columns: ['id', 'name'], primaryKey: 'id', ...options })
}

test('PostgresSink writes values of all kinds of columns', async () => {
  await ask(`create type mood as enum ('good', 'bad'); create type point3 as (x int, y int, z int);
    create table kinds (id bigint primary key, n numeric(20, 4), f double precision, ok boolean, t text, v varchar(5), c char(3),
      at timestamptz, plain timestamp, day date, b bytea, j jsonb, words text[], grid int[][], m mood, u uuid, p point3, missing text)`)
  const value = {
    id: 9007199254740993n,
    n: '1234567890123456.7891',
    f: Number.POSITIVE_INFINITY,
    ok: false,
    t: `it's "quoted" \\ {} , 'é' 😀\n`,
    v: 'abcde',
    c: 'xy',
    at: new Date('2026-11-21T15:30:00.123Z'),
    plain: new Date('2026-11-21T15:30:00.123Z'),
    day: '2026-11-21',
    b: Buffer.from([0, 1, 254, 255]),
    j: { list: [1, 'two', null], nested: { yes: true } },
    words: ['a,b', '"q"', null, '{}'],
    grid: [
      [1, 2],
      [3, 4],
    ],
    m: 'good',
    u: '7f3a21c0-9b5e-4d6d-8f0a-1b2c3d4e5f60',
    p: { x: 1, y: 2, z: 3 },
    missing: undefined,
  }
  const columns = Object.keys(value) as (keyof typeof value)[]
  const sink = PostgresSink.forTable<typeof value>({ url: server.url, table: 'kinds', columns, primaryKey: 'id' })
  await write(sink, { ...value, t: 'before' }, value)
  const read = (name: string) => {
    if (['words', 'grid', 'b', 'j'].includes(name)) return name
    return name === 'at' ? "(at at time zone 'UTC')::text as at" : `${name}::text`
  }
  expect(await ask(`select ${columns.map(read).join(', ')} from kinds`)).toEqual([
    {
      ...value,
      id: '9007199254740993',
      f: 'Infinity',
      ok: 'false',
      // Of fixed length: `::text` takes the blanks away.
      c: 'xy',
      at: '2026-11-21 15:30:00.123',
      plain: '2026-11-21 15:30:00.123',
      p: '(1,2,3)',
      missing: null,
    },
  ])
})

test('PostgresSink upserts and deletes, by keys of several columns and odd names', async () => {
  await ask(
    'create schema "The Shop"; create table "The Shop"."date" ("order" int, "x""y" text, "Amount" int, primary key ("order", "x""y"))',
  )
  interface Line {
    readonly order: number
    readonly line: string
    readonly amount?: number
  }
  const sink = PostgresSink.forTable<Line>({
    url: server.url,
    schema: 'The Shop',
    table: 'date',
    columns: { order: ({ order }) => order, 'x"y': ({ line }) => line, Amount: ({ amount }) => amount },
    primaryKey: ['order', 'x"y'],
    isDelete: ({ amount }) => amount === undefined,
  })
  await write(
    sink,
    { order: 1, line: 'a', amount: 1 },
    { order: 1, line: 'b', amount: 2 },
    { order: 2, line: 'a', amount: 3 },
  )
  await write(
    sink,
    { order: 1, line: 'b', amount: 5 },
    { order: 2, line: 'a' },
    { order: 3, line: 'a', amount: 1 },
    { order: 3, line: 'a' },
  )
  expect(await ask('select * from "The Shop"."date" order by 1, 2')).toEqual([
    { order: 1, 'x"y': 'a', Amount: 1 },
    { order: 1, 'x"y': 'b', Amount: 5 },
  ])
})

test('A table may have the name of a type, and be all key', async () => {
  await ask('create table "interval" (id int primary key)')
  const sink = PostgresSink.forTable<{ id: number }>({
    url: server.url,
    table: 'interval',
    columns: ['id'],
    primaryKey: 'id',
  })
  await write(sink, { id: 1 }, { id: 1 }, { id: 2 })
  await write(sink, { id: 1 })
  expect(await ask('select id from "interval" order by 1')).toEqual([{ id: 1 }, { id: 2 }])
})

test('Keys that only PostgreSQL knows to be equal end as the last of them', async () => {
  await ask('create table prices (id numeric primary key, name text)')
  const sink = PostgresSink.forTable<{ id: string; name: string }>({
    url: server.url,
    table: 'prices',
    columns: ['id', 'name'],
    primaryKey: 'id',
  })
  const rows = Array.from({ length: 9 }, (_, i) => ({ id: `${i % 2}.${'0'.repeat(i)}0`, name: `row ${i}` }))
  await write(sink, ...rows)
  expect(await ask('select id::int as id, name from prices order by 1')).toEqual([
    { id: 0, name: 'row 8' },
    { id: 1, name: 'row 7' },
  ])
})

test("A statement of one's own sees every record, all of a batch or none", async () => {
  await ask('create table visits (page text primary key, count int check (count < 4), last timestamptz)')
  const sink = PostgresSink.forStatement<{ page: string; at: Date }>({
    url: server.url,
    statement: `insert into visits values ($1, 1, $2) on conflict (page)
      do update set count = visits.count + 1, last = greatest(visits.last, excluded.last)`,
    values: ({ page, at }) => [page, at],
  })
  await write(sink, ...[1, 3, 2].map((ms) => ({ page: '/', at: new Date(ms) })))
  expect(await ask('select * from visits')).toEqual([{ page: '/', count: 3, last: new Date(3) }])
  const refused = write(sink, { page: '/a', at: new Date(1) }, { page: '/', at: new Date(5) })
  await expect(refused).rejects.toMatchObject({
    code: 'CONSTRAINT_VIOLATED',
    facts: { sqlState: '23514', constraint: 'visits_count_check', row: "[ '/', 1970-01-01T00:00:00.005Z ]" },
  })
  expect(await ask('select page, count from visits')).toEqual([{ page: '/', count: 3 }])
})

test('What is wrong with table, columns, key or rights is told when the job starts', async () => {
  await ask(`create table towns (id int primary key, name text); create table heap (id int, name text);
    create role reader login; grant select on towns to reader`)
  const codeOf = async (table: string, options: Partial<PostgresTableOptions<City>> = {}) =>
    write(cities(table, options)).then(
      () => 'none',
      (error: { code: string; isLasting?: true }) => `${error.code}${error.isLasting ? ', lasting' : ''}`,
    )
  const at = (changes: object) => Object.assign(new URL(server.url), changes).href
  expect({
    fine: await codeOf('towns'),
    table: await codeOf('Towns'),
    schema: await codeOf('towns', { schema: 'crm' }),
    column: await codeOf('towns', { columns: { id: ({ id }) => id, nmae: ({ name }) => name } }),
    key: await codeOf('heap'),
    rights: await codeOf('towns', { url: at({ username: 'reader' }) }),
    user: await codeOf('towns', { url: at({ username: 'nobody' }) }),
    database: await codeOf('towns', { url: at({ pathname: '/crm' }) }),
    tls: await codeOf('towns', { ssl: true }),
    port: await codeOf('towns', { url: at({ port: 1 }), maxRetries: 1, retryBackoffMs: 10 }),
  }).toEqual({
    fine: 'none',
    table: 'UNKNOWN_TABLE, lasting',
    schema: 'UNKNOWN_TABLE, lasting',
    column: 'UNKNOWN_COLUMN, lasting',
    key: 'NO_UNIQUE_CONSTRAINT, lasting',
    rights: 'NOT_AUTHORIZED, lasting',
    user: 'AUTHENTICATION_FAILED, lasting',
    database: 'UNKNOWN_DATABASE, lasting',
    tls: 'TLS_FAILED, lasting',
    port: 'DATABASE_UNREACHABLE',
  })
})

test.each<[string, unknown, string, string, string]>([
  ['of another type', 'seven', 'INVALID_VALUE', '22P02', "{ id: 'seven', name: 'Ulm' }"],
  ['out of range', 2 ** 40, 'INVALID_VALUE', '22003', "{ id: 1099511627776, name: 'Ulm' }"],
  ['that no text can hold', 'nul', 'INVALID_VALUE', '22P05', "{ id: 50, name: '\\x00' }"],
  ['that is too long', 'long', 'INVALID_VALUE', '22001', "{ id: 50, name: 'a long name' }"],
  ['that may not be missing', 'null', 'CONSTRAINT_VIOLATED', '23502', '{ id: 50, name: null }'],
  ['that another row has', 'unique', 'CONSTRAINT_VIOLATED', '23505', "{ id: 50, name: 'n 7' }"],
])('The row with a value %s is named among many', async (what, id, code, sqlState, row) => {
  const table = `refusals ${what}`
  await ask(`create table "${table}" (id int primary key, name varchar(9) not null unique)`)
  const names: Record<string, string | null> = { nul: '\0', long: 'a long name', null: null, unique: 'n 7' }
  const odd = typeof id === 'string' && id in names ? { id: 50, name: names[id] } : { id, name: 'Ulm' }
  const rows = Array.from({ length: 100 }, (_, i): City => ({ id: i, name: `n ${i}` }))
  // Rows of its own kind are there before.
  await write(cities(table), ...rows.slice(0, 10))
  const all = [...rows.slice(0, 50), odd as City, ...rows.slice(51)]
  await expect(write(cities(table), ...all)).rejects.toMatchObject({ code, facts: { sqlState, table, row } })
  expect(await ask(`select count(*)::int as count from "${table}"`)).toEqual([{ count: 10 }])
})

test('A deadlock is tried again', async () => {
  await ask("create table locks (id int primary key, name text); insert into locks values (1, ''), (2, '')")
  const other = new pg.Client({ connectionString: server.url })
  await other.connect()
  // The sink's statement is the one that is given up.
  await other.query("set deadlock_timeout = '50s'; begin; update locks set name = 'other' where id = 2")
  const metrics = new RecordedMetrics()
  const sink = cities('locks', { retryBackoffMs: 20 })
  const writer = await sink.createWriter(testSinkWriterContext({ clock, metrics }))
  await writer.write({ id: 1, name: 'Ulm' })
  await writer.write({ id: 2, name: 'Bonn' })
  const flushing = writer.flush?.(false)
  const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into%'"
  while ((await ask(waiting)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await other.query("update locks set name = 'other' where id = 1; commit")
  await other.end()
  await flushing
  await writer.close?.()
  expect(await ask('select * from locks order by id')).toEqual([
    { id: 1, name: 'Ulm' },
    { id: 2, name: 'Bonn' },
  ])
  expect(metrics.values().numRetries).toBeGreaterThanOrEqual(1)
})

test('The table is exact when the server is killed and started again while rows are written', async () => {
  await using own = await startTestPostgres()
  await query(own.url, 'create table changes (id int primary key, name text)')
  const metrics = new RecordedMetrics()
  const options = { url: own.url, batchSize: 500, retryBackoffMs: 50, maxRetries: 10 }
  const sink = cities('changes', { ...options, isDelete: ({ name }) => name === null })
  const writer = await sink.createWriter(testSinkWriterContext({ clock, metrics }))
  const expected = new Map<number, City>()
  const bounces = [12_345, 23_456]
  let bouncing = Promise.resolve()
  for (let i = 0; i < 40_000; i++) {
    const id = (i * 7_919) % 3_001
    const city = { id, name: i % 5 === 4 ? null : `change ${i}` }
    await writer.write(city)
    if (city.name === null) expected.delete(id)
    else expected.set(id, city)
    if (bounces.includes(i)) {
      // Rows go on while it is down.
      bouncing = bouncing.then(() => own.kill()).then(() => own.restart())
    }
    if (i % 1_000 === 999) await writer.flush?.(false)
  }
  await bouncing
  await writer.flush?.(true)
  await writer.close?.()
  const byId = (a: City, b: City) => a.id - b.id
  expect(await query(own.url, 'select * from changes order by id')).toEqual([...expected.values()].toSorted(byId))
  expect(metrics.values().numRetries).toBeGreaterThanOrEqual(1)
})
