import { expect, test } from 'vitest'
import { MillraceError } from '../base/error.ts'
import { errorReport } from './error-report.ts'
import { UsageError } from './usage-error.ts'

test('an error is one line and a hint, whatever its message holds', () => {
  expect(errorReport(new UsageError('no such\n  thing', 'try another'), false)).toEqual([
    'error: no such thing',
    'hint: try another',
  ])
  expect(errorReport(new MillraceError('NOT_A_JOB', 'it is no job'), false)).toEqual([
    'error: it is no job',
    'hint: README.md shows a job of ten lines',
  ])
  expect(
    errorReport(
      new MillraceError('SLOTS', 'Cannot start "A. B": it needs 2 slots, but there is 1. Raise the number. Or not.'),
      false,
    ),
  ).toEqual(['error: Cannot start "A. B": it needs 2 slots, but there is 1.', 'hint: Raise the number. Or not.'])
  expect(errorReport(new MillraceError('OTHER', 'what happened', {}, { cause: new Error('why') }), false)).toEqual([
    'error: what happened',
    'hint: run again with --verbose to see the cause',
  ])
  const failure = new MillraceError('RECORD', 'Job "a" failed: `x` is a symbol. Remedy: send a string.')
  expect(errorReport(failure, false)).toEqual(['error: Job "a" failed: `x` is a symbol.', 'hint: send a string.'])
  expect(errorReport(new TypeError('odd'), false)).toEqual([
    'error: TypeError: odd',
    'hint: run again with --verbose to see where it comes from',
  ])
  expect(errorReport('a text', false)[0]).toBe('error: a text')
})

test('what a connector or an operator says is split as our own words are, also from within a cause', () => {
  const cause = new MillraceError('NO_FILE', 'There is no file a.txt. Check the path.')
  cause.name = 'KafkaError'
  expect(
    errorReport(new MillraceError('JOB_FAILED', `Print to Std. Out failed: ${cause.message}`, {}, { cause }), false),
  ).toEqual(['error: Print to Std. Out failed: There is no file a.txt.', 'hint: Check the path.'])
})

test("a verbose report begins with the innermost stack, which is the user's", () => {
  const users = new RangeError('division by zero')
  users.stack = 'RangeError: division by zero\n    at divide (/home/me/job.ts:7:3)'
  const middle = new MillraceError('MAP', 'map failed', {}, { cause: users })
  middle.stack = 'MillraceError: map failed\n    at inside'
  const outer = new MillraceError('JOB_FAILED', 'the job failed', {}, { cause: middle })
  outer.stack = 'MillraceError: the job failed\n    at outside'
  expect(errorReport(outer, true)).toEqual([
    'error: the job failed',
    'hint: the stacks below show where it comes from',
    'cause: RangeError: division by zero',
    '    at divide (/home/me/job.ts:7:3)',
    'raised as: MillraceError: map failed',
    '    at inside',
    'raised as: MillraceError: the job failed',
    '    at outside',
  ])
})

test('a circle of causes ends', () => {
  const error = new Error('round')
  error.cause = error
  expect(errorReport(error, true).filter((line) => line.startsWith('cause:'))).toHaveLength(1)
})
