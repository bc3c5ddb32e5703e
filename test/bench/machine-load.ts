import { readFileSync } from 'node:fs'

/** A reading of what this process and the whole machine have used, in CPU seconds. */
export interface LoadReading {
  readonly ownCpuSeconds: number
  /** Undefined where the system does not tell. */
  readonly machineCpuSeconds: number | undefined
}

export function readLoad(): LoadReading {
  const { user, system } = process.cpuUsage()
  return { ownCpuSeconds: (user + system) / 1e6, machineCpuSeconds: machineCpuSeconds() }
}

/** How many cores other processes kept busy meanwhile. */
export function otherBusyCores(before: LoadReading, after: LoadReading, seconds: number): number | undefined {
  if (before.machineCpuSeconds === undefined || after.machineCpuSeconds === undefined) return undefined
  const machine = after.machineCpuSeconds - before.machineCpuSeconds
  return (machine - (after.ownCpuSeconds - before.ownCpuSeconds)) / seconds
}

/** All but idle and waiting for disks, of Linux's /proc/stat, which counts in hundredths. */
function machineCpuSeconds(): number | undefined {
  let text: string
  try {
    text = readFileSync('/proc/stat', 'utf8')
  } catch {
    return undefined
  }
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = text
    .slice(0, text.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq + steal) / 100
}
