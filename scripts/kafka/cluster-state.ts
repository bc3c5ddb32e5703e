import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import process from 'node:process'
import type { ClusterLayout } from './broker-properties.ts'

/** What is known of a cluster that runs, kept in a file so that other commands find it. */
export interface ClusterState extends ClusterLayout {
  readonly version: string
  readonly heapMb: number
  /** Removed with the cluster: nobody else put anything there. */
  readonly isTemporary: boolean
  /** Whoever started it for the time that it lives itself, as a run of tests does. */
  readonly ownerPid?: number
  /** Process ids by broker, for those that were started and not stopped. */
  readonly pids: Readonly<Record<string, number>>
  /** Where a broker that stops in order leaves an archive of its classes, if there was none. */
  readonly archive?: { readonly unfinished: string; readonly finished: string }
}

/** Where clusters of this user are registered: `kafka` in `MILLRACE_HOME`, else in the directory for state of programs. */
export function clustersDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { MILLRACE_HOME: home = '', XDG_STATE_HOME: state = '' } = env
  if (home !== '') return join(home, 'kafka')
  return join(isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'millrace', 'kafka')
}

/** The registered cluster whose first broker has this port. */
export function readClusterState(home: string, port: number): ClusterState | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(home, port), 'utf8')) as ClusterState
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** All that are registered, by port. */
export function readClusterStates(home: string): readonly ClusterState[] {
  let names: readonly string[]
  try {
    names = readdirSync(home)
  } catch {
    return []
  }
  const ports = names.flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
  return ports.flatMap((port) => readClusterState(home, Number(port)) ?? []).toSorted((a, b) => a.port - b.port)
}

/** Registers it, or replaces what was said of it, in one step. */
export function writeClusterState(home: string, state: ClusterState): void {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const path = pathOf(home, state.port)
  writeFileSync(`${path}.${process.pid}.tmp`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.${process.pid}.tmp`, path)
}

/** Forgets it. */
export function removeClusterState(home: string, port: number): void {
  rmSync(pathOf(home, port), { force: true })
}

function pathOf(home: string, port: number): string {
  return join(home, `${port}.json`)
}
