import { MillraceError, run } from '@millrace/runtime'
import { describe, expect, test } from 'vitest'

const url = new URL('jobs/misbehaving.job.ts', import.meta.url)

async function failureOf(what: string, config = {}): Promise<MillraceError> {
  await using job = await run(url, { args: [what], config })
  const error = await job.result.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(job.status).toBe('FAILED')
  expect(error).toBeInstanceOf(MillraceError)
  return error as MillraceError
}

describe('A job whose function misbehaves fails, and the error', () => {
  test('names job, operator, subtask and record, and keeps the cause with the stack of the job file', async () => {
    const error = await failureOf('throws')
    expect(error.code).toBe('JOB_FAILED')
    expect(error.message).toBe(
      'Job "misbehaving" failed in operator "Fails" (Source: Sequence Source -> Fails (1/2)) at the record 57: TypeError: 57 is unlucky',
    )
    const cause = error.cause as Error
    expect([cause.name, cause.message]).toEqual(['TypeError', '57 is unlucky'])
    expect((cause.cause as Error).message).toBe('superstition')
    expect(cause.stack).toMatch(/misbehaving\.job\.ts:\d+/)
  })

  test('says so if what was thrown is no Error', async () => {
    expect((await failureOf('throws-text')).message).toContain('just text (thrown, but not an Error)')
  })

  test('is not lost when a function upstream swallows it', async () => {
    expect((await failureOf('swallows')).message).toContain('operator "Fails"')
  })

  test('names the operator that could not be opened', async () => {
    expect((await failureOf('fails-to-open')).message).toMatch(/operator "Fails".*no connection/)
  })

  test('points to async operators if a function returned a promise', async () => {
    expect((await failureOf('promise')).message).toMatch(/operator "Fails".*returned a promise.*async/s)
  })

  test.each([
    ['function', 'order.items[1]'],
    ['symbol', 'tag'],
    ['class', 'list[0]'],
    ['class-on-forward-edge', 'list[0]'],
  ])('names the path to a %s that may not cross an edge', async (what, path) => {
    const error = await failureOf(what)
    expect(error.message).toContain(path)
    expect(error.message).toContain('Fails')
  })

  test('tells a key that cannot be', async () => {
    expect((await failureOf('undefined-key')).message).toMatch(/Fails.*undefined/s)
  })

  test('tells which operator emitted a record that was changed later, in check mode', async () => {
    const error = await failureOf('mutates', { 'pipeline.check-mutation': true })
    expect(error.message).toMatch(/operator "Fails"/)
  })

  test('names the first operator that is built differently in a worker', async () => {
    expect((await failureOf('impure')).message).toMatch(/builds differently in a worker.*"Another".*"One"/)
  })

  test('names the subtasks of a thread that exits', async () => {
    expect((await failureOf('exits')).message).toMatch(/thread of .*ended unexpectedly.*process\.exit/)
  })

  test('tells of a rejection outside of any function', async () => {
    expect((await failureOf('rejects-outside')).message).toContain('nobody caught me')
  })
})
