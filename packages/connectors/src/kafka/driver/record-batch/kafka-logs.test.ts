import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { AbortedTransactions } from './aborted-transactions.ts'
import { RecordCursor } from './record-cursor.ts'

interface Vectors {
  readonly compressed: Readonly<Record<string, string>>
  readonly transactions: { readonly log: string; readonly abortedProducerId: number }
}

const vectors = JSON.parse(readFileSync(new URL('kafka-logs.vectors.json', import.meta.url), 'utf8')) as Vectors

test.each(Object.entries(vectors.compressed))('What Kafka itself wrote with compression %s is read', (_, log) => {
  const cursor = open(log)
  const seen: unknown[] = []
  while (cursor.advance()) seen.push([cursor.offset, cursor.keyText(), cursor.valueText(), cursor.headers()])
  const first = [
    { key: 'h1', value: Buffer.from('v1') },
    { key: 'h2', value: null },
  ]
  expect(seen).toEqual([
    [0, 'k1', 'first', first],
    [1, null, 'second second second second second second', []],
    [2, 'k3', null, [{ key: 'h', value: Buffer.from('x') }]],
  ])
})

test('The markers of a broker are no records, and end what they abort', () => {
  const { log, abortedProducerId } = vectors.transactions
  const values = (aborted?: AbortedTransactions): unknown[] => {
    const cursor = open(log, aborted)
    const seen: unknown[] = []
    while (cursor.advance()) seen.push(cursor.valueText())
    return [...seen, cursor.position]
  }
  const aborted = new AbortedTransactions([{ producerId: abortedProducerId, firstOffset: 0 }])
  expect(values(aborted)).toEqual(['kept', 'kept too', 5])
  expect(values()).toEqual(['aborted', 'kept', 'kept too', 5])
})

function open(log: string, aborted?: AbortedTransactions): RecordCursor<{ topic: string; partition: number }> {
  const cursor = new RecordCursor({ topic: 't', partition: 0 }, 0, Number.POSITIVE_INFINITY)
  cursor.open(Buffer.from(log, 'base64'), aborted)
  return cursor
}
