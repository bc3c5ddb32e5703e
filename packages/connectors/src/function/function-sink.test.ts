import { SystemClock, testSinkWriterContext } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { FunctionSink } from './function-sink.ts'

const clock = new SystemClock()

test('FunctionSink pushes back until the function is done, and awaits all of it before it closes', async () => {
  const log: string[] = []
  const sink = FunctionSink.from<number>(
    async (record) => {
      log.push(`begin ${record}`)
      await null
      log.push(`end ${record}`)
    },
    { close: () => void log.push('close') },
  )
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  await writer.write(1)
  await writer.write(2)
  void writer.write(3)
  await writer.flush?.(true)
  await writer.close?.()
  expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3', 'close'])
})

test('FunctionSink has as many calls pending as it was allowed, and no more', async () => {
  const gates: (() => void)[] = []
  const sink = FunctionSink.from<number>(() => new Promise((resolve) => gates.push(resolve)), { concurrency: 3 })
  const writer = await sink.createWriter(testSinkWriterContext({ clock }))
  expect([writer.write(1), writer.write(2)]).toEqual([undefined, undefined])
  const third = writer.write(3)
  expect(third).toBeInstanceOf(Promise)
  gates[1]?.()
  await third
  expect(writer.write(4)).toBeInstanceOf(Promise)
  for (const open of gates) open()
  await writer.flush?.(true)
  expect(gates).toHaveLength(4)
})

test('FunctionSink takes what a synchronous function returns as done', async () => {
  const seen: number[] = []
  const writer = await FunctionSink.from<number>((record) => void seen.push(record)).createWriter(
    testSinkWriterContext({ clock }),
  )
  expect([writer.write(1), writer.write(2)]).toEqual([undefined, undefined])
  expect(seen).toEqual([1, 2])
})

test('FunctionSink fails with the record that the function failed on', async () => {
  const cause = new Error('refused')
  const failing = FunctionSink.from<{ id: number }>(async () => Promise.reject(cause), { concurrency: 2 })
  const writer = await failing.createWriter(testSinkWriterContext({ clock }))
  void writer.write({ id: 7 })
  const expected = {
    name: 'ConnectorError',
    code: 'FUNCTION_SINK_FAILED',
    message: 'The function of the sink failed on the record { id: 7 }: refused',
    cause,
  }
  await expect(writer.flush?.(true)).rejects.toMatchObject(expected)
  await expect(async () => writer.write({ id: 8 })).rejects.toMatchObject(expected)
  const throwing = FunctionSink.from<number>(() => {
    throw cause
  })
  const other = await throwing.createWriter(testSinkWriterContext({ clock }))
  expect(() => other.write(1)).toThrow('The function of the sink failed on the record 1: refused')
})

test('FunctionSink refuses a concurrency below 1', () => {
  expect(() => FunctionSink.from(() => {}, { concurrency: 0 })).toThrow(
    'concurrency must be an integer of at least 1, not 0',
  )
})
