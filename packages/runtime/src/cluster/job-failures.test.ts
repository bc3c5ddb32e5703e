import { describe, expect, test } from 'vitest'
import { defineJob } from '../api/job-definition.ts'
import { planJob } from '../api/plan-job.ts'
import { JobFailures } from './job-failures.ts'

const job = defineJob('sums', (env) => {
  env.fromSequence(1, 10).name('Numbers').print()
})
const failures = new JobFailures('f'.repeat(32), planJob(job, { parallelism: 2 }).plan.jobGraph)

describe('The failure of a job', () => {
  test('names operator, subtask and record where they are known, and keeps the cause', () => {
    const error = { name: 'TypeError', message: 'no number', stack: 'the stack', code: undefined, cause: undefined }
    const failure = { operatorName: 'Sum', recordPreview: '{n: 1}', error }
    const told = failures.ofSubtask({ vertexIndex: 0, subtaskIndex: 1 }, failure)
    expect({ message: told.message, facts: told.facts, cause: (told.cause as Error).stack }).toEqual({
      message:
        'Job "sums" failed in operator "Sum" (Source: Numbers -> Print to Std. Out: Writer (2/2)) at the record {n: 1}: TypeError: no number',
      facts: {
        job: 'sums',
        jobId: 'f'.repeat(32),
        operator: 'Sum',
        vertexIndex: 0,
        subtaskIndex: 1,
        recordPreview: '{n: 1}',
      },
      cause: 'the stack',
    })
  })

  test.each([
    [
      'an exit',
      new Error('worker exited with code: 3'),
      /exited with code: 3\. Remedy: functions must not call process\.exit/,
    ],
    [
      'too little memory',
      Object.assign(new Error('Worker terminated'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }),
      /Remedy: keep less .*--max-old-space-size/,
    ],
    [
      'an error that nobody caught',
      new Error('a timer'),
      /a timer\. Remedy: catch what timers, listeners and promises/,
    ],
  ])('of a lost thread by %s says what would do', (_, cause, message) => {
    const told = failures.ofLostSlot(0, [{ vertexIndex: 0, subtaskIndex: 0 }], cause)
    expect(told.message).toMatch(message)
    expect(told).toMatchObject({ code: 'SLOT_LOST', cause })
  })

  test('by anything else is told as it is', () => {
    expect(failures.of('a text').message).toBe('Job "sums" failed: a text')
    const own = failures.of(new Error('x'))
    expect(failures.of(own)).toBe(own)
  })
})
