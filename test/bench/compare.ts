import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from './median.ts'

/** Two programs that measure the same workload, each printing a line of JSON that has the figures. */
export interface Comparison {
  /** Arguments for our own bench. */
  readonly ours: readonly string[]
  /** A command line for the shell. */
  readonly peer: string
  readonly rounds: number
  /** The names of what is compared. */
  readonly figures: readonly string[]
  onLine(who: 'ours' | 'peer', line: BenchLine): void
}

/** The line of either program. */
export type BenchLine = Readonly<Record<string, unknown>>

/** One figure: medians, and ours divided by the peer's. */
export interface ComparedFigure {
  readonly figure: string
  readonly ours: number
  readonly peer: number
  readonly ratio: number
}

/** Runs them in turn, so that what else the machine does falls on both, and answers their medians. */
export async function compare({ ours, peer, rounds, figures, onLine }: Comparison): Promise<readonly ComparedFigure[]> {
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
  return figures.map((figure) => {
    const middle = (who: 'ours' | 'peer'): number => {
      const values = lines[who].map((line) => line[figure]).filter((value) => typeof value === 'number')
      if (values.length < rounds) throw new Error(`${who} printed no ${figure}`)
      return median(values, (value) => value)
    }
    const [ourMedian, peerMedian] = [middle('ours'), middle('peer')]
    return { figure, ours: ourMedian, peer: peerMedian, ratio: Math.round((ourMedian / peerMedian) * 100) / 100 }
  })
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
