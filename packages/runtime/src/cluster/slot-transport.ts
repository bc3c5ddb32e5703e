import type { CoordinatorMessage, SlotMessage } from '../protocol/messages.ts'
import type { SlotDeployment } from '../protocol/slot-deployment.ts'

/** The seam between coordinator and workers: where slots live and how messages reach them. */
export interface SlotTransport {
  /** Starts one attempt's slots, or none: then it throws. `listener` may be called before this returns. */
  deploy(deployments: readonly SlotDeployment[], listener: SlotListener): SlotConnections
}

export interface SlotListener {
  onMessage(slotIndex: number, message: SlotMessage): void
  /** The slot has ended, by itself (`error` undefined) or not. Nothing comes from it afterwards. */
  onEnd(slotIndex: number, error: unknown): void
  /** Something was thrown in a thread whose slot had ended, e.g. by a timer that user code left behind. */
  onStray(error: unknown): void
}

export interface SlotConnections {
  send(slotIndex: number, message: CoordinatorMessage): void
  /** Ends every slot at once, whatever it is doing. Resolves when no thread is left and its last message was delivered. */
  terminate(): Promise<void>
}
