import { expect, test } from 'vitest'
import { defineJob } from './api/job-definition.ts'
import { run } from './run.ts'

test('a job that is defined inline is refused, with a pointer to the simulation', async () => {
  const job = defineJob('inline', (env) => {
    env.fromElements(1).print()
  })
  // What a program in JavaScript can do.
  const untyped: (job: unknown) => Promise<unknown> = (job) => run(job as URL)
  await expect(untyped(job)).rejects.toMatchObject({
    name: 'JobFileError',
    code: 'INLINE_JOB',
    message: expect.stringMatching(
      /^Cannot run the job "inline" in worker threads: .* runInSimulation of @millrace\/runtime\/testing$/,
    ),
  })
})

test('a job whose signal is aborted already does not start', async () => {
  const reason = new Error('too late')
  await expect(run('/no/such/job.ts', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('what is wrong with the file or the options is told before any thread starts', async () => {
  await expect(run(new URL('file:///no/such/job.ts'))).rejects.toMatchObject({ code: 'JOB_FILE_NOT_FOUND' })
})
