import { expect, test } from 'vitest'
import type { SlotMessage } from '../protocol/messages.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { LogBudget, SlotLogger } from './slot-logger.ts'

type Line = SlotMessage & { readonly kind: 'log' }

function world() {
  const clock = new SimulatedClock()
  const lines: Line[] = []
  const logger = new SlotLogger((line) => lines.push(line as Line), new LogBudget(clock), { operator: 'Map' })
  return { clock, lines, logger }
}

test('A line tells its level and the facts of whoever logs', () => {
  const { lines, logger } = world()
  logger.debug('a')
  logger.info('b', { n: 1 })
  logger.warn('c', { operator: 'another' })
  logger.error('d', { isBad: true, none: null })
  expect(lines).toEqual([
    { kind: 'log', level: 'debug', message: 'a', facts: { operator: 'Map' } },
    { kind: 'log', level: 'info', message: 'b', facts: { operator: 'Map', n: 1 } },
    { kind: 'log', level: 'warn', message: 'c', facts: { operator: 'another' } },
    { kind: 'log', level: 'error', message: 'd', facts: { operator: 'Map', isBad: true, none: null } },
  ])
})

test('Facts of every kind cross a thread, as text', () => {
  const { lines, logger } = world()
  const circular: Record<string, unknown> = { name: 'c' }
  circular.self = circular
  const refusing = {
    get secret() {
      throw new Error('not you')
    },
  }
  const facts = {
    error: new RangeError('bad'),
    big: 7n,
    list: [1, 'a'],
    circular,
    refusing,
    fn: () => 1,
    symbol: Symbol('s'),
    missing: undefined,
  }
  logger.info(7 as never, facts)
  expect(structuredClone(lines[0])).toEqual({
    kind: 'log',
    level: 'info',
    message: '7',
    facts: {
      operator: 'Map',
      error: 'RangeError: bad',
      big: '7n',
      list: '[1,"a"]',
      circular: '{name: "c", self: {name: "c", self: {name: "c", self: {name: "c", self: {…}}}}}',
      refusing: '{secret: <getter>}',
      fn: 'function fn',
      symbol: 'Symbol(s)',
      missing: 'undefined',
    },
  })
})

test('A line is cut to a bound, and so are its facts', () => {
  const { lines, logger } = world()
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`fact${i}`, 'x'.repeat(100_000)]))
  logger.info('y'.repeat(100_000), many)
  expect(lines[0]?.message).toHaveLength(16 * 1024 + 1)
  expect(Object.values(lines[0]?.facts ?? {}).map((fact) => String(fact).length)).toEqual([
    3,
    ...Array(63).fill(16 * 1024 + 1),
  ])
})

test('A slot logs a thousand lines a second, and tells how many it dropped', () => {
  const { clock, lines, logger } = world()
  for (let i = 0; i < 2_500; i++) logger.info('again')
  expect(lines).toHaveLength(1_000)
  clock.advanceTo(1_000)
  logger.info('later')
  expect(lines.slice(1_000).map(({ level, message }) => [level, message])).toEqual([
    ['warn', '1500 log lines were dropped: a slot logs at most 1000 a second'],
    ['info', 'later'],
  ])
})
