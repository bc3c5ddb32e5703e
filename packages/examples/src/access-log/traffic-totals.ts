import { type PathTraffic, type StatusClass, trafficKey } from './path-traffic.ts'

/** The traffic of one path, over all classes of status. */
export interface PathTotal {
  readonly path: string
  requests: number
  bytes: number
  readonly requestsByClass: Map<StatusClass, number>
}

/** Adds up running counts: a later count of the same path and class replaces the earlier one. */
export class TrafficTotals {
  requests = 0
  bytes = 0
  readonly #latest = new Map<string, PathTraffic>()
  readonly #paths = new Map<string, PathTotal>()

  update(traffic: PathTraffic): void {
    const { path, statusClass } = traffic
    const key = trafficKey(traffic)
    const before = this.#latest.get(key)
    this.#latest.set(key, traffic)
    const requests = traffic.requests - (before?.requests ?? 0)
    const bytes = traffic.bytes - (before?.bytes ?? 0)
    this.requests += requests
    this.bytes += bytes
    const total = this.#paths.get(path) ?? { path, requests: 0, bytes: 0, requestsByClass: new Map() }
    total.requests += requests
    total.bytes += bytes
    total.requestsByClass.set(statusClass, traffic.requests)
    this.#paths.set(path, total)
  }

  get pathCount(): number {
    return this.#paths.size
  }

  /** The paths with the most requests; those with equally many by name. */
  top(count: number): readonly PathTotal[] {
    return [...this.#paths.values()]
      .sort((a, b) => b.requests - a.requests || (a.path < b.path ? -1 : 1))
      .slice(0, count)
  }
}
