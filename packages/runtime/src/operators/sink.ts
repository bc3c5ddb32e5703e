import type { Sink, SinkWriter } from '../connector/sink.ts'
import { AwaitedWrites } from './awaited-writes.ts'
import type { GeneratedOperator } from './generated-operator.ts'

/** Hands records to a sink's writer, and takes no input while the writer asks to wait. */
export function generateSink(i: number, sink: Sink<unknown>): GeneratedOperator {
  const writes = new AwaitedWrites()
  const holder: { writer: SinkWriter<unknown> | undefined } = { writer: undefined }
  let isClosed = false
  return {
    parameters: { holder, writes },
    paused: writes,
    connect: (outputs) => writes.connect(outputs),
    async open(context) {
      const writer = await sink.createWriter(context)
      // Whoever canceled has not waited for us for ever.
      if (isClosed) return writer.close?.()
      holder.writer = writer
      writes.use(writer)
    },
    flush: () => holder.writer?.flush?.(true),
    close() {
      isClosed = true
      return holder.writer?.close?.()
    },
    text: `
function input${i}(value) {
  recordsToSinks++
  if (writes${i}.busy) { writes${i}.hold(value); return }
  let pending
  try { pending = holder${i}.writer.write(value) } catch (error) { fail(${i}, value, error) }
  if (pending !== undefined) writes${i}.await(pending, value)
}`,
  }
}
