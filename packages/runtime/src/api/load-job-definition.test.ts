import { expect, test } from 'vitest'
import { loadJobDefinition } from './load-job-definition.ts'

/** A module whose text is in its URL. */
function moduleOf(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`
}

const job = `{ [Symbol.for('millrace.job-definition')]: 1, name: 'empty', build() {} }`

test('a job module exports its job by default', async () => {
  expect(await loadJobDefinition(moduleOf(`export default ${job}`))).toMatchObject({ name: 'empty' })
})

test.each([
  ['export const a = 1', 'NO_DEFAULT_EXPORT', 'job.ts has no default export: write export default defineJob('],
  ['export default { name: "a" }', 'NOT_A_JOB', 'The default export of job.ts is '],
  ['export default () => {}', 'NOT_A_JOB', 'which is no job: write export default defineJob('],
  [
    'throw new TypeError("no luck")',
    'JOB_IMPORT_FAILED',
    'Cannot import the job job.ts: TypeError: no luck. Its top level',
  ],
])('refuses a module of the form %s', async (text, code, message) => {
  await expect(loadJobDefinition(moduleOf(text), 'job.ts')).rejects.toMatchObject({
    name: 'JobFileError',
    code,
    message: expect.stringContaining(message),
  })
})

test('what the module threw is the cause', async () => {
  const failure = await loadJobDefinition(moduleOf('throw new TypeError("no luck")'), 'job.ts').catch((error) => error)
  expect(failure).toMatchObject({ cause: { message: 'no luck' } })
})
