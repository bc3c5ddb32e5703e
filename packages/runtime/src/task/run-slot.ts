import type { MessagePort } from 'node:worker_threads'
import { SystemClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import { SharedDoorbell } from '../exchange/doorbell.ts'
import { describeError } from '../protocol/error-data.ts'
import type { CoordinatorMessage, SlotMessage } from '../protocol/messages.ts'
import { DOORBELL_STRIDE_BYTES, type SlotDeployment } from '../protocol/slot-deployment.ts'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { captureStreams } from './capture-streams.ts'
import { driveSlot } from './drive-slot.ts'
import { loadPlan } from './load-plan.ts'
import { AdaptivePacing } from './pacing.ts'
import { Slot } from './slot.ts'

/** What a worker thread is given. */
export interface SlotTask {
  readonly deployment: SlotDeployment
  readonly port: MessagePort
}

/** Runs one slot of one attempt. Resolves when its subtasks have ended. */
export async function runSlot({ deployment, port }: SlotTask): Promise<void> {
  const clock = new SystemClock()
  const bells = Array.from(
    { length: deployment.doorbells.byteLength / DOORBELL_STRIDE_BYTES },
    (_, i) => new SharedDoorbell(new Int32Array(deployment.doorbells, i * DOORBELL_STRIDE_BYTES, 2)),
  )
  const send = (message: SlotMessage) => port.postMessage(message)
  try {
    const slot = new Slot({
      deployment,
      doorbells: bells,
      clock,
      random: new SeededRandom((clock.now() ^ (deployment.slotIndex * 0x9e3779b9)) | 0),
      createPacing: () => new AdaptivePacing(),
      storage: new LocalDirectoryStorage(),
      send,
    })
    const restoreStreams = captureStreams(slot.text)
    try {
      // The listener also keeps the thread alive: a wait for the doorbell does not.
      port.on('message', (message: CoordinatorMessage) => slot.receive(message))
      slot.initialize(await loadPlan(deployment.job))
      await driveSlot(slot, bells[deployment.slotIndex]!, clock)
    } finally {
      restoreStreams()
      slot.text.end()
    }
  } catch (error) {
    send({ kind: 'slot-failed', error: describeError(error) })
  }
  port.postMessage({ kind: 'ended' })
}
