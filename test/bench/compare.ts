import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from './median.ts'

/** Two programs that measure the same workload, each printing a line of JSON with `recordsPerSecond`. */
export interface Comparison {
  /** Arguments for our own bench. */
  readonly ours: readonly string[]
  /** A command line for the shell. */
  readonly peer: string
  readonly rounds: number
  onLine(who: 'ours' | 'peer', line: BenchLine): void
}

/** What is read of the line of either program. */
export interface BenchLine {
  readonly recordsPerSecond: number
  readonly seconds: number
  readonly otherBusyCores?: number
}

export interface ComparisonResult {
  readonly oursRecordsPerSecond: number
  readonly peerRecordsPerSecond: number
  readonly ratio: number
}

/** Runs them in turn, so that what else the machine does falls on both, and answers their medians. */
export async function compare({ ours, peer, rounds, onLine }: Comparison): Promise<ComparisonResult> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const lines: Record<'ours' | 'peer', BenchLine[]> = { ours: [], peer: [] }
  for (let round = 0; round < rounds; round++) {
    for (const who of ['ours', 'peer'] as const) {
      const line = await (who === 'ours'
        ? lastJsonLine(process.execPath, [main, ...ours])
        : lastJsonLine('sh', ['-c', peer]))
      onLine(who, line)
      lines[who].push(line)
    }
  }
  const rate = (who: 'ours' | 'peer'): number =>
    median(lines[who], ({ recordsPerSecond }) => recordsPerSecond).recordsPerSecond
  return {
    oursRecordsPerSecond: rate('ours'),
    peerRecordsPerSecond: rate('peer'),
    ratio: Math.round((rate('ours') / rate('peer')) * 100) / 100,
  }
}

function lastJsonLine(command: string, args: readonly string[]): Promise<BenchLine> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    child.on('error', reject)
    child.on('close', (status) => {
      const line = text
        .split('\n')
        .filter((each) => each.startsWith('{'))
        .at(-1)
      if (status !== 0 || line === undefined) {
        reject(new Error(`${[command, ...args].join(' ')} ended with status ${status} and printed no line of JSON`))
      } else {
        resolve(JSON.parse(line) as BenchLine)
      }
    })
  })
}
