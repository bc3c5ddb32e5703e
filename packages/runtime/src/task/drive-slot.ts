import type { Clock } from '../base/clock.ts'
import type { SharedDoorbell } from '../exchange/doorbell.ts'
import type { Slot } from './slot.ts'

/** The event loop gets its turn this often, so that sockets and timers of user code live. */
const YIELD_EVERY_MS = 1
/** An idle slot looks around this often, for its metrics. */
const LOOK_AROUND_MS = 100

/**
 * Drives a slot in its own thread until every subtask has ended. The bell is read before the visit: what becomes ready
 * during the visit has rung since, so the wait ends at once.
 */
export async function driveSlot(slot: Slot, bell: SharedDoorbell, clock: Clock): Promise<void> {
  let yieldedMs = clock.monotonicMs()
  while (!slot.isDone) {
    const seen = bell.read()
    const worked = slot.visit()
    const dueInMs = slot.tick()
    if (!worked) await bell.waitAsync(seen, Math.max(0, Math.min(dueInMs, LOOK_AROUND_MS)))
    const now = clock.monotonicMs()
    if (now - yieldedMs >= YIELD_EVERY_MS) {
      // Not a promise or a message: those come before timers and starve them.
      await immediate()
      yieldedMs = clock.monotonicMs()
    }
  }
}

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
