import { findSourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Where the runtime's own code is: its frames show `dist`, or `src` where the sources themselves run. */
const ownDirectories = ['../../src/', '../../dist/'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** The API is a few frames deep; what called it is near. */
const framesMax = 12

let isWanted = true

/**
 * `file:line` of the user's call that led here: the first frame outside of the runtime's own code.
 * For messages only: it never takes part in the fingerprint of a graph.
 */
export function callLocation(): string | undefined {
  if (!isWanted) return undefined
  const { stackTraceLimit, prepareStackTrace } = Error
  Error.stackTraceLimit = framesMax
  // As they are: to look up our own frames in our source maps, only to skip them, would take longer than to plan the job.
  Error.prepareStackTrace = (_error, sites) => sites
  const error = new Error('call location')
  const sites = error.stack as unknown as readonly NodeJS.CallSite[]
  Error.stackTraceLimit = stackTraceLimit
  Error.prepareStackTrace = prepareStackTrace
  for (const site of sites) {
    const file = fileOf(site.getScriptNameOrSourceURL())
    if (file === undefined || isOurs(file)) continue
    // Whoever maps stacks in this process knows the place; else Node does, if it was told to read source maps.
    if (prepareStackTrace !== undefined) return locationIn(String(prepareStackTrace(new Error(), [site])))
    return mappedLocation(site, file)
  }
  return undefined
}

/**
 * What is built within has no places. A job that the coordinator has built without a fault needs none when a worker builds it
 * again, and to look them up means to read the source map of the job.
 */
export function withoutCallLocations<T>(build: () => T): T {
  isWanted = false
  try {
    return build()
  } finally {
    isWanted = true
  }
}

function mappedLocation(site: NodeJS.CallSite, file: string): string {
  const line = site.getLineNumber() ?? 1
  const origin = findSourceMap(site.getScriptNameOrSourceURL() ?? '')?.findOrigin(line, site.getColumnNumber() ?? 1)
  if (origin === undefined || !('fileName' in origin)) return `${file}:${line}`
  return `${fileOf(origin.fileName) ?? file}:${origin.lineNumber}`
}

/** The place in a stack of one frame. */
function locationIn(stack: string): string | undefined {
  const match = /(?:\(|at )((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*):(\d+):\d+\)?$/m.exec(stack)
  const file = fileOf(match?.[1])
  return file === undefined ? undefined : `${file}:${match?.[2]}`
}

/** Undefined for what is in no file. */
function fileOf(place: string | null | undefined): string | undefined {
  if (place?.startsWith('file://')) return fileURLToPath(place.replace(/[?#].*$/, ''))
  return place && /^(\/|[A-Za-z]:[\\/])/.test(place) ? place : undefined
}

function isOurs(file: string): boolean {
  return ownDirectories.some((directory) => file.startsWith(directory)) && !file.includes('.test.')
}
