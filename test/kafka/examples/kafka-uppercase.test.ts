import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { JobDirectory } from '../../integration/cli/job-directory.ts'
import { Millrace } from '../../integration/cli/millrace.ts'
import { runExample } from '../../integration/examples/run-example.ts'
import { brokers, uniqueName } from '../kafka.ts'
import { closeTopics, committedRecords, newTopic, untilCommitted, writeValues } from './topic-records.ts'

const job = fileURLToPath(new URL('../../../packages/examples/src/kafka-uppercase/job.ts', import.meta.url))
const directory = new JobDirectory()
afterAll(async () => {
  directory[Symbol.dispose]()
  await closeTopics()
})

const values = (records: readonly { readonly value: string }[]) => records.map(({ value }) => value).toSorted()

describe('The example kafka-uppercase', () => {
  test('writes what is in a topic to another one in upper case, and ends', async () => {
    const input = await newTopic('lines', 2)
    const output = await newTopic('uppercase', 2)
    await writeValues(input, 2, ['to be', 'or not', 'größe', ''])
    const topics = ['--brokers', brokers(), '--input', input, '--output', output, '--group', uniqueName('group')]
    const { status, stdout, stderr } = runExample(
      ['kafka-uppercase', '-p', '2', '--bounded', ...topics],
      directory.path,
    )
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: '' })
    expect(stderr).not.toMatch(/WARN|ERROR|error:/)
    expect(values(await committedRecords(output, 4))).toEqual(['', 'GRÖSSE', 'OR NOT', 'TO BE'])
  })

  test('goes on where the last run has told the group that it was', async () => {
    const input = await newTopic('lines', 1)
    const output = await newTopic('uppercase', 1)
    const group = uniqueName('group')
    const args = ['run', job, '--', '--brokers', brokers(), '--input', input, '--output', output, '--group', group]
    await writeValues(input, 1, ['a', 'b'])
    for (const countAfter of [2, 3]) {
      if (countAfter === 3) await writeValues(input, 1, ['c'])
      const run = new Millrace(args, { cwd: directory.path, timeoutMs: 90_000 })
      await untilCommitted(group, input, 1, countAfter)
      run.child.kill('SIGINT')
      const { status, stderr } = await run.ended
      expect(status, stderr).toBe(130)
    }
    expect(values(await committedRecords(output, 3, 'whole'))).toEqual(['A', 'B', 'C'])
  })

  test('says at once which topic is not there', () => {
    const input = uniqueName('none')
    const { status, stderr } = runExample(['kafka-uppercase', '--brokers', brokers(), '--input', input], directory.path)
    expect(stderr).toMatch(`Cannot read topic "${input}": there is none of this name`)
    expect(status).toBe(2)
  })
})
