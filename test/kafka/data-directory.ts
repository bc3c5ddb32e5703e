import { existsSync, realpathSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const memory = '/dev/shm'
const memoryBytesMin = 4 * 2 ** 30

/**
 * Where brokers and databases of tests keep their data: in memory if there is enough. They wait for their disk many times,
 * also when somebody else keeps it busy.
 */
export function dataDirectory(): string {
  if (existsSync(memory)) {
    const { bavail, bsize } = statfsSync(memory)
    if (bavail * bsize > memoryBytesMin) return memory
  }
  return realpathSync(tmpdir())
}
