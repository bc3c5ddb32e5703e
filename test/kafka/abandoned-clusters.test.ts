import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { KafkaCluster } from '../../scripts/kafka/kafka-cluster.ts'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import { requireKafka } from './test-cluster.ts'

const program = fileURLToPath(new URL('abandoned-cluster.ts', import.meta.url))

test('A broker of tests whose run was killed is ended by the next, and its data goes', async () => {
  const installation = await requireKafka()
  const home = mkdtempSync(join(tmpdir(), 'millrace-abandoned-'))
  const owner = spawn(process.execPath, [program, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  const { port, directory } = JSON.parse(String(line)) as { port: number; directory: string }

  await KafkaCluster.sweep(home, installation)
  expect(await requestMetadata('127.0.0.1', port, 5_000)).toHaveLength(1)

  owner.kill('SIGKILL')
  await once(owner, 'exit')
  await KafkaCluster.sweep(home, installation)
  await expect(requestMetadata('127.0.0.1', port, 5_000)).rejects.toThrow('ECONNREFUSED')
  expect({ data: existsSync(directory), known: KafkaCluster.findAll(home, installation) }).toEqual({
    data: false,
    known: [],
  })
  rmSync(home, { recursive: true })
})
