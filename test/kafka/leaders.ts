import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaTool } from './kafka.ts'

/** The broker that leads a partition, as Kafka's own tool says it. */
export async function leaderOf(servers: string, topic: string, partition: number): Promise<number> {
  const described = await kafkaTool('topics', ['--bootstrap-server', servers, '--describe', '--topic', topic])
  const line = new RegExp(`\\tPartition: ${partition}\\tLeader: (\\d+)`).exec(described)
  if (line === null) throw new Error(`Partition ${partition} of ${topic} has no leader:\n${described}`)
  return Number(line[1])
}

/** Makes the first of `replicas` the leader of a partition that all of them have, by Kafka's own tools. Takes seconds. */
export async function moveLeader(
  servers: string,
  topic: string,
  partition: number,
  replicas: readonly number[],
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-leader-'))
  try {
    const file = join(directory, 'reassignment.json')
    writeFileSync(file, JSON.stringify({ version: 1, partitions: [{ topic, partition, replicas }] }))
    const options = { directories: [directory] }
    const at = ['--bootstrap-server', servers]
    await kafkaTool('reassign-partitions', [...at, '--reassignment-json-file', file, '--execute'], options)
    const which = ['--election-type', 'preferred', '--topic', topic, '--partition', String(partition)]
    await kafkaTool('leader-election', [...at, ...which])
  } finally {
    rmSync(directory, { recursive: true })
  }
}
