import { fileURLToPath } from 'node:url'

/** Where the runtime's own code is: its frames show `dist`, or `src` once source maps are on. */
const ownDirectories = ['../../src/', '../../dist/'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** The API is a few frames deep; what called it is near. */
const framesMax = 12

/**
 * `file:line` of the user's call that led here: the first frame outside of the runtime's own code.
 * For messages only: it never takes part in the fingerprint of a graph.
 */
export function callLocation(): string | undefined {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = framesMax
  const stack = new Error('call location').stack ?? ''
  Error.stackTraceLimit = limit
  for (const line of stack.split('\n').slice(1)) {
    const location = locationOf(line)
    if (location !== undefined) return location
  }
  return undefined
}

function locationOf(frame: string): string | undefined {
  const match = /(?:\(|at )((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*):(\d+):\d+\)?$/.exec(frame)
  if (match === null) return undefined
  const [, place = '', line = ''] = match
  const file = place.startsWith('file://') ? fileURLToPath(place.replace(/[?#].*$/, '')) : place
  const isOurs = ownDirectories.some((directory) => file.startsWith(directory)) && !file.includes('.test.')
  return isOurs ? undefined : `${file}:${line}`
}
