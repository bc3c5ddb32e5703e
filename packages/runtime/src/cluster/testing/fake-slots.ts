import type { CoordinatorMessage, SlotMessage } from '../../protocol/messages.ts'
import type { SlotDeployment } from '../../protocol/slot-deployment.ts'
import type { SubtaskState } from '../../protocol/subtask-state.ts'
import type { SlotConnections, SlotListener, SlotTransport } from '../slot-transport.ts'

/** Slots that do nothing of themselves: a test says what they send, and sees what they are told. */
export class FakeSlots implements SlotTransport {
  /** `slot: message kind`, in order. */
  readonly sent: string[] = []
  deployments: readonly SlotDeployment[] = []
  terminations = 0
  /** Called by `deploy`, before it returns. */
  onDeploy: () => void = () => {}
  /** Called by `terminate`, before it resolves. */
  onTerminate: () => void | Promise<void> = () => {}
  #listener: SlotListener | undefined

  deploy(deployments: readonly SlotDeployment[], listener: SlotListener): SlotConnections {
    this.deployments = deployments
    this.#listener = listener
    this.onDeploy()
    return {
      send: (slotIndex, message: CoordinatorMessage) => this.sent.push(`${slotIndex}: ${message.kind}`),
      terminate: async () => {
        this.terminations++
        await this.onTerminate()
      },
    }
  }

  says(slotIndex: number, message: SlotMessage): void {
    this.#listener?.onMessage(slotIndex, message)
  }

  ends(slotIndex: number, error?: unknown): void {
    this.#listener?.onEnd(slotIndex, error)
  }

  throwsStray(error: unknown): void {
    this.#listener?.onStray(error)
  }

  /** Every subtask of a slot goes through these states. */
  goes(slotIndex: number, ...states: readonly SubtaskState[]): void {
    for (const state of states) {
      for (const { address } of this.deployments[slotIndex]!.subtasks) {
        this.says(slotIndex, { kind: 'subtask-state', subtask: address, state })
      }
    }
  }

  /** A slot fails in its first subtask; the others of it are canceled. */
  fails(slotIndex: number, message: string): void {
    const { subtasks } = this.deployments[slotIndex]!
    for (const [i, { address }] of subtasks.entries()) {
      const error = { name: 'Error', message, stack: undefined, code: undefined, cause: undefined }
      this.says(
        slotIndex,
        i === 0
          ? {
              kind: 'subtask-state',
              subtask: address,
              state: 'FAILED',
              failure: { operatorName: 'Map', recordPreview: '57', error },
            }
          : { kind: 'subtask-state', subtask: address, state: 'CANCELED' },
      )
    }
  }
}
