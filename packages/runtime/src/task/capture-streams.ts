import { StringDecoder } from 'node:string_decoder'
import type { TextChannel } from './text-channel.ts'

type Write = typeof process.stdout.write
type Callback = (error?: Error | null) => void

/** The streams of a process, or what stands for them. */
export interface CapturedStreams {
  readonly stdout: { write: Write }
  readonly stderr: { write: Write }
}

/**
 * Sends what user code writes with console or to the process's streams through the coordinator: a thread that is ended
 * would lose the last of it. Returns what undoes this.
 */
export function captureStreams(text: TextChannel, streams: CapturedStreams = process): () => void {
  const restore = [capture('stdout'), capture('stderr')]
  return () => {
    for (const undo of restore) undo()
  }

  function capture(name: 'stdout' | 'stderr'): () => void {
    const stream = streams[name]
    const original = stream.write
    // A character may be cut in two by its writer's buffers.
    const decoder = new StringDecoder('utf8')
    const write = (
      chunk: string | Uint8Array,
      encodingOrCallback?: BufferEncoding | Callback,
      callback?: Callback,
    ): boolean => {
      // As with streams, an encoding is that of a text.
      const encoding = typeof encodingOrCallback === 'string' ? encodingOrCallback : 'utf8'
      const done = typeof encodingOrCallback === 'function' ? encodingOrCallback : callback
      text.writeUnasked(name, textOf(chunk, encoding, decoder))
      if (done) process.nextTick(done)
      return true
    }
    stream.write = write as Write
    return () => {
      text.writeUnasked(name, decoder.end())
      stream.write = original
    }
  }
}

function textOf(chunk: string | Uint8Array, encoding: BufferEncoding, decoder: StringDecoder): string {
  if (typeof chunk === 'string' && /^utf-?8$/i.test(encoding)) return decoder.end() + chunk
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
  return decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
