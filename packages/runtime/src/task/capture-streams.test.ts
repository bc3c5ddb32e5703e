import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { SlotMessage } from '../protocol/messages.ts'
import { captureStreams } from './capture-streams.ts'
import { TextChannel } from './text-channel.ts'

function world() {
  const sent: [stream: string, text: string][] = []
  const direct: string[] = []
  const text = new TextChannel((message) => {
    const { stream, text } = message as SlotMessage & { readonly kind: 'text' }
    sent.push([stream, text])
  })
  const stream = () =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        direct.push(chunk.toString())
        done()
      },
    })
  const streams = { stdout: stream() as typeof process.stdout, stderr: stream() as typeof process.stderr }
  return { sent, direct, streams, restore: captureStreams(text, streams) }
}

test('What console writes goes to the coordinator, each stream by its name', () => {
  const { sent, direct, streams } = world()
  const console = new Console(streams)
  console.log('%s is', 'this', { an: [1, { object: true }] })
  console.error(new RangeError('bad').message)
  expect(sent).toEqual([
    ['stdout', 'this is { an: [ 1, { object: true } ] }\n'],
    ['stderr', 'bad\n'],
  ])
  expect(direct).toEqual([])
})

test('Bytes are text, also when a character is cut in two', () => {
  const { sent, streams, restore } = world()
  const bytes = Buffer.from('a€b')
  streams.stdout.write(bytes.subarray(0, 2))
  streams.stderr.write('between')
  streams.stdout.write(new Uint8Array(bytes.subarray(2)))
  streams.stdout.write(Buffer.from('ü'), 'latin1' as never)
  streams.stdout.write(bytes.subarray(1, 3))
  streams.stdout.write('!')
  streams.stdout.write(bytes.subarray(1, 3))
  restore()
  expect(sent).toEqual([
    ['stdout', 'a'],
    ['stderr', 'between'],
    ['stdout', '€b'],
    ['stdout', 'ü'],
    ['stdout', '\ufffd!'],
    ['stdout', '\ufffd'],
  ])
})

test('A text may come in another encoding', () => {
  const { sent, streams } = world()
  streams.stdout.write('c3bc', 'hex')
  streams.stdout.write('b2s=', 'base64')
  streams.stdout.write('ü', 'UTF-8' as BufferEncoding)
  expect(sent.map(([, text]) => text)).toEqual(['ü', 'ok', 'ü'])
})

test('Callbacks are called later, and there is always room', async () => {
  const { streams } = world()
  const called: string[] = []
  expect(streams.stdout.write('a', () => called.push('second place'))).toBe(true)
  expect(streams.stdout.write('b', 'utf8', () => called.push('third place'))).toBe(true)
  expect(called).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  expect(called).toEqual(['second place', 'third place'])
})

test('Afterwards the streams are as before', () => {
  const { sent, direct, streams, restore } = world()
  restore()
  streams.stdout.write('direct')
  expect([sent, direct]).toEqual([[], ['direct']])
})
