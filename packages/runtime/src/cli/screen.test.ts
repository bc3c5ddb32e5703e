import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { Screen } from './screen.ts'
import type { OutputStream } from './terminal.ts'

/** What a person sees: as much of a terminal as the screen makes use of, shared by two streams. */
class FakeTerminal {
  #lines: string[] = ['']
  #row = 0
  #column = 0

  stream(): OutputStream {
    const take = (text: string): void => this.#take(text)
    const stream = new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        take(String(chunk))
        done()
      },
    })
    return Object.assign(stream, { isTTY: true, columns: 80, rows: 24 })
  }

  get lines(): readonly string[] {
    return this.#lines.map((line) => line.trimEnd())
  }

  #take(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
    for (const [token] of text.matchAll(/\u001b\[[?\d;]*[A-Za-z]|[\s\S]/gu)) this.#put(token)
  }

  #put(token: string): void {
    const times = Number(/\d+/.exec(token)?.[0] ?? 1)
    if (token === '\n') this.#moveTo(this.#row + 1, 0)
    else if (token.length === 1) this.#write(token)
    else if (/\[\d*A$/.test(token)) this.#moveTo(this.#row - times, this.#column)
    else if (/\[\d*B$/.test(token)) this.#moveTo(this.#row + times, this.#column)
    else if (/\[\d*G$/.test(token)) this.#column = times - 1
    else if (/\[2K$/.test(token)) this.#lines[this.#row] = ''
    else if (/\[0?K$/.test(token)) this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column)
    else if (!/\[\?2026[hl]$/.test(token)) throw new Error(`unknown sequence ${JSON.stringify(token)}`)
  }

  #moveTo(row: number, column: number): void {
    this.#row = Math.max(0, row)
    this.#column = column
    while (this.#lines.length <= this.#row) this.#lines.push('')
  }

  #write(character: string): void {
    const line = this.#lines[this.#row]!.padEnd(this.#column)
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1)
    this.#column++
  }
}

function screenOn(terminal: FakeTerminal, clock = new SimulatedClock()): Screen {
  return new Screen({ stdout: terminal.stream(), stderr: terminal.stream(), isLive: true, clock })
}

test('what is printed stays above the lines of the view', async () => {
  const terminal = new FakeTerminal()
  const screen = screenOn(terminal)
  screen.show(['job RUNNING', 'map 1'])
  await screen.writeOut('a\n')
  screen.show(['job RUNNING', 'map 2'])
  await screen.writeError('warning\n')
  await screen.writeOut('b\nc\n')
  screen.show(['job RUNNING', 'map 3', 'sink 1'])
  expect(terminal.lines).toEqual(['a', 'warning', 'b', 'c', 'job RUNNING', 'map 3', 'sink 1', ''])
  screen.end()
  await screen.writeError('done\n')
  expect(terminal.lines.filter((line) => line !== '')).toEqual(['a', 'warning', 'b', 'c', 'done'])
})

test('what is printed in quick succession is followed by one drawing', async () => {
  const terminal = new FakeTerminal()
  const clock = new SimulatedClock()
  const screen = screenOn(terminal, clock)
  screen.show(['view'])
  await screen.writeOut('1\n')
  await screen.writeOut('2\n')
  expect(terminal.lines).toEqual(['1', '2', ''])
  clock.advanceTo(100)
  expect(terminal.lines).toEqual(['1', '2', 'view', ''])
  screen.end()
  await screen.writeOut('3\n')
  clock.advanceTo(200)
  expect(terminal.lines).toEqual(['1', '2', '3', ''])
})

test('a line that is not ended keeps the view away until it is', async () => {
  const terminal = new FakeTerminal()
  const clock = new SimulatedClock()
  const screen = screenOn(terminal, clock)
  screen.show(['view'])
  await screen.writeOut('1, ')
  screen.show(['view'])
  await screen.writeOut('2, ')
  expect(terminal.lines).toEqual(['1, 2,', ''].slice(0, terminal.lines.length))
  await screen.writeOut('3\n')
  clock.advanceTo(100)
  expect(terminal.lines).toEqual(['1, 2, 3', 'view', ''])
})

test('without a terminal the two streams carry what was written and nothing else', async () => {
  const texts = { out: '', error: '' }
  const collecting = (name: 'out' | 'error') =>
    new Writable({
      write(chunk, _encoding, done) {
        texts[name] += String(chunk)
        done()
      },
    })
  const screen = new Screen({
    stdout: collecting('out'),
    stderr: collecting('error'),
    isLive: false,
    clock: new SimulatedClock(),
  })
  screen.show(['view'])
  await screen.writeOut('data\n')
  await screen.writeError('log\n')
  screen.show(['view'])
  screen.end()
  expect(texts).toEqual({ out: 'data\n', error: 'log\n' })
})

test('data that goes elsewhere leaves the view alone', async () => {
  const terminal = new FakeTerminal()
  let data = ''
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      data += String(chunk)
      done()
    },
  })
  const screen = new Screen({ stdout, stderr: terminal.stream(), isLive: true, clock: new SimulatedClock() })
  screen.show(['view'])
  await screen.writeOut('not ended')
  screen.show(['view again'])
  expect(data).toBe('not ended')
  expect(terminal.lines).toEqual(['view again', ''])
})
