import type { TextChannel } from './text-channel.ts'

type Write = typeof process.stdout.write

/**
 * Sends what user code writes with console or to the process's streams through the coordinator: a thread that is ended
 * would lose the last of it. Returns what undoes this.
 */
export function captureStreams(text: TextChannel): () => void {
  const restore = [capture('stdout'), capture('stderr')]
  return () => {
    for (const undo of restore) undo()
  }

  function capture(name: 'stdout' | 'stderr'): () => void {
    const stream = process[name]
    const original = stream.write
    const write = (
      chunk: string | Uint8Array,
      encodingOrCallback?: BufferEncoding | ((error?: Error | null) => void),
      callback?: (error?: Error | null) => void,
    ): boolean => {
      const encoding = typeof encodingOrCallback === 'string' ? encodingOrCallback : 'utf8'
      text.writeUnasked(name, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString(encoding))
      const done = typeof encodingOrCallback === 'function' ? encodingOrCallback : callback
      if (done !== undefined) queueMicrotask(() => done())
      return true
    }
    stream.write = write as Write
    return () => {
      stream.write = original
    }
  }
}
