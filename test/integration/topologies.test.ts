import { run } from '@millrace/runtime'
import { silentLogger } from '@millrace/runtime/testing'
import { describe, test } from 'vitest'
import { allTopologies } from '../topologies/all-topologies.ts'
import { checkCollected } from '../topologies/check-collected.ts'

describe.each(await allTopologies())('On worker threads, $name', ({ url, topology }) => {
  test.each([1, 2, 3])('collects what it must at parallelism %i', async (parallelism) => {
    await using job = await run(url, { parallelism, logger: silentLogger })
    await job.result
    checkCollected((name) => job.collected(name), topology.expected)
  })
})
