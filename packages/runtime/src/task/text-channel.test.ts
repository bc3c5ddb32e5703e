import { describe, expect, test } from 'vitest'
import type { SlotMessage } from '../protocol/messages.ts'
import { TextChannel } from './text-channel.ts'

type Text = SlotMessage & { readonly kind: 'text' }

function channel() {
  const sent: Text[] = []
  const text = new TextChannel((message) => sent.push(message as Text))
  /** The coordinator writes the oldest `count` messages. */
  const written = (count: number) => {
    for (const message of sent.splice(0, count)) text.onWritten(message.text.length)
  }
  return { sent, text, written }
}

async function isSettled(promise: void | Promise<void>): Promise<boolean> {
  const pending = Symbol('pending')
  await undefined
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}

describe('A slot sends text', () => {
  test('of sinks together, after each visit or 16 K characters', () => {
    const { sent, text } = channel()
    expect([text.write('a\n'), text.write('b\n')]).toEqual([undefined, undefined])
    expect(sent).toEqual([])
    text.flush()
    text.flush()
    text.write('x'.repeat(16 * 1024))
    expect(sent.map((each) => each.text.length)).toEqual([4, 16 * 1024])
  })

  test('of console at once, behind what sinks wrote before', () => {
    const { sent, text } = channel()
    text.write('printed\n')
    text.writeUnasked('stderr', 'logged\n')
    text.writeUnasked('stdout', '')
    expect(sent.map(({ stream, text }) => [stream, text])).toEqual([
      ['stdout', 'printed\n'],
      ['stderr', 'logged\n'],
    ])
  })

  test('and asks sinks to wait above 1 M characters, until half of them are written', async () => {
    const { sent, text, written } = channel()
    const lines = 'x'.repeat(64 * 1024)
    let asked = text.write(lines)
    while (asked === undefined) asked = text.write(lines)
    expect(sent).toHaveLength(16)
    const another = text.write('y')
    written(8)
    expect(await isSettled(asked)).toBe(false)
    written(1)
    expect([await isSettled(asked), await isSettled(another)]).toEqual([true, true])
    written(sent.length)
    expect(text.write('more')).toBe(undefined)
  })

  test('and drops what console writes above 16 M characters, many short lines as well as few long ones, and says so', () => {
    for (const line of ['.\n', 'x'.repeat(1024 * 1024)]) {
      const { sent, text, written } = channel()
      for (let i = 0; i < 200_000; i++) text.writeUnasked('stdout', line)
      const kept = sent.length
      const size = sent.reduce((sum, each) => sum + each.text.length, 0)
      expect(size).toBeLessThanOrEqual(17 * 1024 * 1024)
      expect(kept).toBeLessThanOrEqual(131_072)
      written(kept)
      text.flush()
      expect(sent.map(({ stream, text }) => [stream, text])).toEqual([
        [
          'stderr',
          `[millrace] ${(200_000 - kept) * line.length} characters of console output were dropped: they came faster than they could be written\n`,
        ],
      ])
    }
  })

  test('and says at the end what was dropped, though nothing has been written', () => {
    const { sent, text } = channel()
    for (let i = 0; i < 20; i++) text.writeUnasked('stdout', 'x'.repeat(1024 * 1024))
    text.end()
    text.end()
    expect(sent).toHaveLength(17)
    expect(sent.at(-1)?.text).toContain(`${4 * 1024 * 1024} characters`)
  })
})
