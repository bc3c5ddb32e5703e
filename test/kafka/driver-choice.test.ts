import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import { JobDirectory } from '../integration/cli/job-directory.ts'
import { Millrace } from '../integration/cli/millrace.ts'
import { batchOf, driverContext, readAll } from './driver-context.ts'
import { brokers, uniqueName } from './kafka.ts'

const job = fileURLToPath(new URL('../../packages/examples/src/kafka-uppercase/job.ts', import.meta.url))
const directory = new JobDirectory()
const driver = kafkaDriverFor('kafkajs')({ bootstrapServers: brokers().split(',') }, driverContext)
afterAll(async () => {
  directory[Symbol.dispose]()
  await driver.close()
})

/** Runs the job on a topic of two lines; answers what it wrote, and what the other library would say of its doings. */
async function run(
  ...options: readonly string[]
): Promise<{ readonly written: readonly string[]; readonly log: string }> {
  const [input, output] = [uniqueName('lines'), uniqueName('uppercase')]
  await driver.admin.createTopics([input, output].map((topic) => ({ topic, partitions: 1 })))
  await driver.createProducer().send(input, 0, batchOf('to be', 'or not'))
  const topics = ['--brokers', brokers(), '--input', input, '--output', output, '--group', uniqueName('group')]
  const env = { DEBUG: 'plt:kafka:protocol' }
  const args = ['run', job, ...options, '--', '--bounded', ...topics]
  const { status, stderr } = await new Millrace(args, { cwd: directory.path, timeoutMs: 90_000, env }).ended
  expect(status, stderr).toBe(0)
  return { written: await readAll(driver, output), log: stderr }
}

test('A job connects by the library that kafka.driver names, source and sink', async () => {
  const chosen = await run('-D', 'kafka.driver=platformatic')
  expect(chosen.written).toEqual(['0@0 TO BE', '0@1 OR NOT'])
  for (const api of ['Fetch', 'OffsetCommit', 'Produce']) expect(chosen.log).toMatch(`apiKey: '${api}'`)
  const usual = await run()
  expect(usual.written).toEqual(['0@0 TO BE', '0@1 OR NOT'])
  expect(usual.log).not.toMatch('plt:kafka')
})
