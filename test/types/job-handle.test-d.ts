// What a program sees of a job that it runs. Checked by types.test.ts; nothing here runs.
import { defineJob, type JobHandle, type JobMetrics, type JobResult, type JobStatus, run } from '@millrace/runtime'

/** Compiles only if both types are the same. */
function same<Expected>() {
  return <Actual>(
    _value: Actual,
    ..._proof: (<X>() => X extends Actual ? 1 : 2) extends <X>() => X extends Expected ? 1 : 2 ? [] : ['types differ']
  ): void => {}
}

const inline = defineJob('inline', (env) => {
  env.fromElements(1).print()
})

export async function program(): Promise<void> {
  await using job = await run(new URL('./job.ts', import.meta.url), {
    args: ['--input', 'a.txt'],
    config: { 'parallelism.default': 2, 'pipeline.operator-chaining.enabled': false },
    parallelism: 2,
    signal: AbortSignal.timeout(1_000),
  })
  same<JobHandle>()(job)
  same<string>()(job.id)
  same<JobStatus>()(job.status)
  same<Promise<JobResult>>()(job.result)
  same<'FINISHED' | 'CANCELED'>()((await job.result).status)
  same<JobMetrics>()(job.metrics())
  same<Promise<void>>()(job.cancel())

  // The program says what it expects, as it does of JSON: the records come from another module.
  same<readonly number[]>()(job.collected<number>('squares'))
  same<readonly unknown[]>()(job.collected('squares'))
  // @ts-expect-error What was collected is the job's: it is read, not changed.
  job.collected<number>('squares').push(1)

  // @ts-expect-error A job that is defined inline cannot cross threads.
  await run(inline)
  // @ts-expect-error Parallelism is a number.
  await run('job.ts', { parallelism: '2' })
}
