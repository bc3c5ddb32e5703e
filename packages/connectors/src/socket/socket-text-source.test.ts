import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { readSource, SimulatedClock, SystemClock } from '@millrace/runtime/testing'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { RecordCutter } from './record-cutter.ts'
import { SocketTextSource } from './socket-text-source.ts'

const clock = new SystemClock()
const servers: Server[] = []

afterEach(async () => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

/** A server that treats its n-th connection in the n-th way. */
async function serve(...ways: ((socket: Socket) => void)[]): Promise<number> {
  let connections = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    ways[Math.min(connections++, ways.length - 1)]?.(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const host = '127.0.0.1'

test('SocketTextSource reads lines until the peer closes, and what came after the last one', async () => {
  const port = await serve((socket) => socket.end('eins\r\nzwölf\n\n🦀 rest'))
  const { records } = await readSource(new SocketTextSource({ host, port }), { clock, pollLimit: () => 1 })
  expect(records).toEqual([['eins', 'zwölf', '', '🦀 rest']])
})

test('SocketTextSource cuts at the delimiter it was given', async () => {
  const port = await serve((socket) => socket.end('a\r\n||b|c||'))
  const { records } = await readSource(new SocketTextSource({ host, port, delimiter: '||' }), { clock })
  expect(records).toEqual([['a\r\n', 'b|c']])
})

test('SocketTextSource keeps no more in memory than its buffer and what one read brings', async () => {
  const lines = Array.from({ length: 3000 }, (_, i) => String(i).padEnd(999, '.'))
  const port = await serve((socket) => socket.end(`${lines.join('\n')}\n`))
  const bufferBytes = 20_000
  const bufferedAtRead: number[] = []
  const put = RecordCutter.prototype.put
  vi.spyOn(RecordCutter.prototype, 'put').mockImplementation(function (this: RecordCutter, text) {
    if (text !== '') bufferedAtRead.push(this.bufferedChars)
    put.call(this, text)
  })
  const { records } = await readSource(new SocketTextSource({ host, port, bufferBytes }), {
    clock,
    pollLimit: () => 10,
  })
  expect(records).toEqual([lines])
  expect(Math.max(...bufferedAtRead)).toBeLessThan(bufferBytes)
})

test('SocketTextSource connects again, later each time, as often as it was told', async () => {
  const waits: number[] = []
  class HastyClock extends SimulatedClock {
    override schedule(delayMs: number, callback: () => void): () => void {
      waits.push(delayMs)
      return clock.schedule(0, callback)
    }
  }
  const reset = (socket: Socket) => {
    socket.resetAndDestroy()
  }
  const port = await serve(reset, (socket) => socket.end('at last\n'))
  const source = new SocketTextSource({ host, port, reconnectAttempts: 1 })
  expect((await readSource(source, { clock: new HastyClock() })).records).toEqual([['at last']])
  expect(waits).toEqual([500])
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
  waits.length = 0
  const hopeless = new SocketTextSource({ host, port, reconnectAttempts: 3, reconnectDelayMs: 10 })
  await expect(readSource(hopeless, { clock: new HastyClock() })).rejects.toMatchObject({
    name: 'ConnectorError',
    code: 'SOCKET_FAILED',
    message:
      `Cannot read from 127.0.0.1:${port}, after 3 attempts to connect again: nothing listens there. ` +
      'Start the server first; for a try, "nc -lk <port>" is one. (ECONNREFUSED)',
  })
  expect(waits).toEqual([10, 20, 40])
})

test('SocketTextSource refuses a record without end', async () => {
  const port = await serve((socket) => socket.write('x'.repeat(100)))
  const source = new SocketTextSource({ host, port, recordBytesMax: 50 })
  await expect(readSource(source, { clock })).rejects.toThrow(
    `Cannot read from 127.0.0.1:${port}: 100 characters have come without the delimiter "\\n".`,
  )
})

test('SocketTextSource refuses options that mean nothing', () => {
  expect(() => new SocketTextSource({ host, port: 0 })).toThrow('port must be an integer in 1 .. 65535; it is 0')
  expect(() => new SocketTextSource({ host, port: 1, delimiter: '' })).toThrow('delimiter must not be empty')
})

test('RecordCutter cuts text the same way, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '|', '||', 'é\n', '\r', '\n'), { maxLength: 40 }),
      fc.constantFrom('|', '||', '|||', '\n'),
      fc.infiniteStream(fc.integer({ min: 1, max: 3 })),
      (parts, delimiter, limits) => {
        const cutter = new RecordCutter(delimiter)
        const seen: string[] = []
        for (const part of parts) {
          cutter.put(part)
          for (let isDone = false; !isDone; ) {
            let left = limits.next().value!
            isDone = cutter.emit({
              collect: (record) => {
                seen.push(record)
                return --left > 0
              },
            })
          }
        }
        const expected = parts.join('').split(delimiter === '\n' ? /\r?\n/ : delimiter)
        expect(cutter.bufferedChars).toBe(cutter.unfinishedChars)
        expect([...seen, cutter.takeRest()]).toEqual(expected)
      },
    ),
  )
})

test('RecordCutter keeps whole records and forgets the beginning of another', () => {
  const cutter = new RecordCutter('\n')
  const seen: string[] = []
  const output = { collect: (record: string) => seen.push(record) < 1 }
  cutter.put('a\nb\nha')
  cutter.emit(output)
  cutter.put('lf')
  cutter.dropUnfinished()
  cutter.put('c\n')
  cutter.emit({ collect: (record) => seen.push(record) > 0 })
  expect([seen, cutter.bufferedChars]).toEqual([['a', 'b', 'c'], 0])
})

test('SocketTextSource connects again after a restore, with a warning, unless the peer had closed the connection', async () => {
  const port = await serve(
    (socket) => socket.write('a\nb\n'),
    (socket) => socket.end('c\n'),
  )
  const source = new SocketTextSource({ host, port })
  const { snapshot } = await readSource(source, { clock, snapshotAfter: 1, recordsMax: 1 })
  const restored = await readSource(source, { clock, restore: snapshot })
  expect({ records: restored.records, warnings: restored.warnings }).toEqual({
    records: [['c']],
    warnings: ['A socket cannot be read again from where the snapshot left it: records may be missing or come twice'],
  })
  expect((await readSource(source, { clock, restore: restored.snapshot })).records).toEqual([[]])
})
