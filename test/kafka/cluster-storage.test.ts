import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { prepareStorage } from '../../scripts/kafka/cluster-storage.ts'
import { dataDirectory } from './data-directory.ts'
import { freeClusterPort, requireKafka } from './test-cluster.ts'

test('The id of a cluster, which is random, may begin with a dash', async () => {
  const directory = mkdtempSync(join(dataDirectory(), 'millrace-storage-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(
    join(directory, 'cluster.json'),
    JSON.stringify({ clusterId: '-bcdefghijklmnopqrstuw', brokerCount: 1 }),
  )
  const port = await freeClusterPort()
  const layout = { directory, port, brokerCount: 1, sasl: false, properties: {} }
  await prepareStorage(await requireKafka(), layout)
  expect(existsSync(join(directory, 'data-1', 'meta.properties'))).toBe(true)
})
