import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/error.ts'
import { describeError, type ErrorData, reviveError } from './error-data.ts'

/** As it arrives in another thread. */
function sent(thrown: unknown): ErrorData {
  return structuredClone(describeError(thrown))
}

const notAnError = { name: 'Error', stack: undefined, code: undefined, cause: undefined }

describe('An error on its way to another thread', () => {
  test('keeps name, message, code, stack and causes', () => {
    const error = new MillraceError('OUT_OF_LUCK', 'no luck', { at: 7 }, { cause: new TypeError('57 is unlucky') })
    const revived = reviveError(sent(error)) as MillraceError
    expect(revived).toBeInstanceOf(MillraceError)
    expect([revived.name, revived.message, revived.code]).toEqual(['MillraceError', 'no luck', 'OUT_OF_LUCK'])
    expect(revived.stack).toBe(error.stack)
    expect(Object.keys(revived)).not.toContain('stack')
    expect(revived.cause).toMatchObject({ name: 'TypeError', message: '57 is unlucky' })
  })

  test('keeps the parts of an AggregateError', () => {
    const revived = reviveError(sent(new AggregateError([new RangeError('a'), 'b'], 'both failed')))
    expect(revived).toBeInstanceOf(AggregateError)
    const { errors, message } = revived as AggregateError
    expect([message, ...errors.map(String)]).toEqual([
      'both failed',
      'RangeError: a',
      'Error: b (thrown, but not an Error)',
    ])
  })

  test('is a DOMException or of another realm', () => {
    expect(sent(new DOMException('gone', 'AbortError'))).toMatchObject({ name: 'AbortError', message: 'gone' })
    expect(sent(runInNewContext('new TypeError("far away")'))).toMatchObject({
      name: 'TypeError',
      message: 'far away',
      code: undefined,
    })
  })

  test('may be frozen, odd, or refuse to be read', () => {
    const refusing = new Error('refuses')
    for (const name of ['name', 'message', 'stack', 'cause', 'code', 'errors']) {
      Object.defineProperty(refusing, name, {
        get() {
          throw new Error('not you')
        },
      })
    }
    const odd = Object.assign(new Error(), { name: Symbol('odd'), message: { toString: null }, code: 7, cause: null })
    expect(sent(Object.freeze(new Error('frozen')))).toMatchObject({ message: 'frozen' })
    expect(sent(refusing)).toEqual({ ...notAnError, name: 'Error', message: '' })
    expect(sent(odd)).toMatchObject({ name: 'Symbol(odd)', message: '{toString: null}', code: undefined })
    expect(sent(odd).cause).toEqual({ ...notAnError, message: 'null (thrown, but not an Error)' })
  })

  test('may be its own cause, or its own part', () => {
    const first = new Error('first')
    const second = new AggregateError([first, new Error('third')], 'second', { cause: first })
    first.cause = second
    expect(sent(first).cause).toMatchObject({ message: 'second', cause: undefined, errors: [{ message: 'third' }] })
  })

  test('is cut to a bound, in depth, breadth and text', () => {
    let deep: Error = new Error('the cause of all')
    for (let i = 0; i < 1_000; i++)
      deep = new AggregateError(Array(100).fill(deep), 'x'.repeat(100_000), { cause: deep })
    expect(JSON.stringify(sent(deep)).length).toBeLessThan(16 * 3 * 66_000)
  })
})

describe('What is thrown but no error', () => {
  test.each<[string, unknown]>([
    ['text', 'text'],
    ['undefined', undefined],
    ['null', null],
    ['7n', 7n],
    ['{code: 7}', { code: 7 }],
    ['null-prototype object {}', Object.create(null)],
    ['function (anonymous)', () => 1],
  ])('is shown: %s', (shown, thrown) => {
    expect(sent(thrown)).toEqual({ ...notAnError, message: `${shown} (thrown, but not an Error)` })
  })

  test('may be a proxy that refuses everything', () => {
    const refuse = () => {
      throw new Error('not you')
    }
    const proxy = new Proxy({}, { get: refuse, getPrototypeOf: refuse, ownKeys: refuse, has: refuse })
    expect(sent(proxy).message).toBe('<unreadable> (thrown, but not an Error)')
  })
})
