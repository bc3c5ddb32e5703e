import type { AccessLogEntry } from './access-log-entry.ts'

/** `2xx`, `4xx`, ... */
export type StatusClass = `${number}xx`

/** The requests for one path that were answered with one class of status. */
export interface PathTraffic {
  readonly path: string
  readonly statusClass: StatusClass
  readonly requests: number
  readonly bytes: number
}

export function trafficOf({ path, status, bytes }: AccessLogEntry): PathTraffic {
  return { path, statusClass: `${Math.floor(status / 100)}xx`, requests: 1, bytes }
}

/** What traffic is counted by. */
export function trafficKey({ path, statusClass }: PathTraffic): string {
  return `${statusClass} ${path}`
}

/** Of the same path and class. */
export function addTraffic(a: PathTraffic, b: PathTraffic): PathTraffic {
  return { path: a.path, statusClass: a.statusClass, requests: a.requests + b.requests, bytes: a.bytes + b.bytes }
}
