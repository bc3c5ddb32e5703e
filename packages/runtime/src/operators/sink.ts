import type { Sink } from '../connector/sink.ts'
import { AwaitedWrites } from './awaited-writes.ts'
import type { GeneratedOperator } from './generated-operator.ts'
import { SinkOperator } from './sink-operator.ts'

/** Hands records to a sink's writer, and takes no input while the writer asks to wait. */
export function generateSink(i: number, sink: Sink<unknown>): GeneratedOperator {
  const writes = new AwaitedWrites()
  const operator = new SinkOperator(sink, writes)
  return {
    parameters: { operator, writes },
    paused: writes,
    commitsOnCheckpoint: sink.createCommitter !== undefined,
    connect: (outputs) => writes.connect(outputs),
    open: (context) => operator.open(context),
    prepareSnapshot: (checkpointId) => operator.prepareSnapshot(checkpointId),
    snapshotState: (checkpointId) => operator.snapshotState(checkpointId),
    notifyCheckpointComplete: (checkpointId) => operator.notifyCheckpointComplete(checkpointId),
    flush: () => operator.flush(),
    close: () => operator.close(),
    text: `
function input${i}(value) {
  recordsToSinks++
  if (writes${i}.busy) { writes${i}.hold(value); return }
  let pending
  try { pending = operator${i}.writer.write(value) } catch (error) { fail(${i}, value, error) }
  if (pending !== undefined) writes${i}.await(pending, value)
}`,
  }
}
