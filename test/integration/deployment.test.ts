import { run } from '@millrace/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JobDirectory } from './cli/job-directory.ts'
import { millrace } from './cli/millrace.ts'

const groups = `
import { threadId } from 'node:worker_threads'
import { defineJob } from '@millrace/runtime'
export default defineJob('groups', (env) => {
  const here = (name: string) => ({ name, threadId })
  env
    .fromSequence(1, 100).slotSharingGroup('in')
    .map(() => [here('in')]).slotSharingGroup('in')
    .rebalance()
    .map((seen) => [...seen, here('work')]).slotSharingGroup('work')
    .rebalance()
    .map((seen) => [...seen, here('out')]).slotSharingGroup('out')
    .rebalance()
    .map((seen) => [...seen, here('out again')]).slotSharingGroup('out')
    .collect('threads')
})
`
const plain = `
import { defineJob } from '@millrace/runtime'
export default defineJob('plain', (env) => {
  env.fromSequence(1, 4).map((n) => n).print()
})
`

let directory: JobDirectory
beforeAll(() => {
  directory = new JobDirectory({
    'groups.ts': groups,
    'configured/millrace.yaml': 'parallelism:\n  default: 2\npipeline.name: from the file\n',
    'configured/job.ts': plain,
  })
})
afterAll(() => directory[Symbol.dispose]())

describe('Slots', () => {
  test('are one thread for each group and index, shared by all subtasks of both', async () => {
    const url = new URL(`file://${directory.path}/groups.ts`)
    await using job = await run(url, { parallelism: 2, config: { 'taskmanager.numberOfTaskSlots': 6 } })
    await job.result
    const seen = job.collected<readonly { readonly name: string; readonly threadId: number }[]>('threads')
    const threadsOf = (name: string) =>
      new Set(seen.flatMap((path) => path.filter((each) => each.name === name).map(({ threadId }) => threadId)))
    expect(seen).toHaveLength(100)
    expect(threadsOf('out again')).toEqual(threadsOf('out'))
    expect(['in', 'work', 'out'].map((name) => threadsOf(name).size)).toEqual([2, 2, 2])
    expect(new Set(['in', 'work', 'out'].flatMap((name) => [...threadsOf(name)])).size).toBe(6)
  })

  test('one too few, and the job does not start', async () => {
    const url = new URL(`file://${directory.path}/groups.ts`)
    await expect(run(url, { parallelism: 2, config: { 'taskmanager.numberOfTaskSlots': 5 } })).rejects.toMatchObject({
      code: 'NOT_ENOUGH_SLOTS',
      facts: { slotsNeeded: 6, slotsMax: 5, needs: { in: 2, work: 2, out: 2 } },
    })
  })
})

describe('millrace.yaml beside the job', () => {
  /** Of the job in `configured`, wherever it is called from. */
  const summaryOf = async (...args: readonly string[]) => {
    const { status, stderr } = await millrace(['run', `${directory.path}/configured/job.ts`, '--json', ...args])
    const last = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as {
      readonly job: string
      readonly vertices: readonly { readonly parallelism: number }[]
    }
    return { status, last }
  }

  test('is honoured', async () => {
    const { status, last } = await summaryOf()
    expect({ status, last }).toMatchObject({ status: 0, last: { vertices: [{ parallelism: 2 }] } })
    expect(JSON.stringify(last)).toContain('from the file')
  })

  test('gives way to -D, which gives way to -p', async () => {
    const { last } = await summaryOf('-D', 'parallelism.default=3', '-D', 'pipeline.name=from the command line')
    expect(last).toMatchObject({ vertices: [{ parallelism: 3 }] })
    expect(JSON.stringify(last)).toContain('from the command line')
    expect((await summaryOf('-D', 'parallelism.default=3', '-p', '1')).last).toMatchObject({
      vertices: [{ parallelism: 1 }],
    })
  })
})

describe('The handle of a job', () => {
  const unending = new URL('jobs/unending.job.ts', import.meta.url)

  test('tells how the job is, and ends it at the end of its scope', async () => {
    let outlived: Awaited<ReturnType<typeof run>>
    {
      await using job = await run(unending)
      outlived = job
      expect(job.id).toMatch(/^[0-9a-f]{32}$/)
      expect([job.name, job.status]).toEqual(['unending', 'RUNNING'])
      expect(() => job.collected('nothing')).toThrow('The job has no collect("nothing"). It has: none.')
    }
    expect(outlived.status).toBe('CANCELED')
    expect(await outlived.result).toMatchObject({ status: 'CANCELED', metrics: { status: 'CANCELED' } })
    await outlived.cancel()
    await outlived[Symbol.asyncDispose]()
  })

  test('is had twice of one job at the same time', async () => {
    const url = new URL(`file://${directory.path}/groups.ts`)
    await using first = await run(url)
    await using second = await run(url, { parallelism: 2 })
    expect((await Promise.all([first.result, second.result])).map(({ status }) => status)).toEqual([
      'FINISHED',
      'FINISHED',
    ])
    expect(first.id).not.toBe(second.id)
    expect([first.collected('threads').length, second.collected('threads').length]).toEqual([100, 100])
  })
})
