import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { CoordinatorMessage, SlotMessage } from '../protocol/messages.ts'
import type { SlotDeployment } from '../protocol/slot-deployment.ts'
import type { SlotConnections, SlotListener, SlotTransport } from './slot-transport.ts'
import { giveThreadsYoungGeneration } from './young-generation.ts'

/** `ended` is the last message of a slot that has ended by itself. */
type PortMessage = SlotMessage | { readonly kind: 'ended' }

/**
 * Slots in worker threads: each is a Piscina worker that holds one open task for the whole attempt. The pool belongs to
 * the attempt and its threads are ended with it, so that isolates, timers and sockets of user code go too.
 */
export class WorkerSlots implements SlotTransport {
  readonly #workerFile: string

  constructor(workerFile: string) {
    this.#workerFile = workerFile
  }

  deploy(deployments: readonly SlotDeployment[], listener: SlotListener): SlotConnections {
    giveThreadsYoungGeneration()
    const pool = new Piscina({
      filename: this.#workerFile,
      minThreads: deployments.length,
      maxThreads: deployments.length,
      concurrentTasksPerWorker: 1,
      maxQueue: deployments.length,
      atomics: 'disabled',
      idleTimeout: Number.POSITIVE_INFINITY,
    })
    // Thrown by a thread that has no task any more; without a listener it would end the program.
    pool.on('error', (error: unknown) => listener.onStray(error))
    const slots = deployments.map((deployment, slotIndex) => new SlotPort(slotIndex, deployment, pool, listener))
    return {
      send: (slotIndex, message) => slots[slotIndex]?.post(message),
      async terminate() {
        // Not by aborting the tasks: the pool would start a thread in the place of each, and not wait for the old ones.
        await pool.destroy()
        await Promise.all(slots.map((slot) => slot.close()))
      },
    }
  }
}

/** The coordinator's end of one slot. */
class SlotPort {
  readonly #slotIndex: number
  readonly #listener: SlotListener
  readonly #port: MessageChannel['port1']
  readonly #task: Promise<void>
  #ended = false

  constructor(slotIndex: number, deployment: SlotDeployment, pool: Piscina, listener: SlotListener) {
    this.#slotIndex = slotIndex
    this.#listener = listener
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    port1.on('message', (message: PortMessage) => this.#receive(message))
    this.#task = pool.run({ deployment, port: port2 }, { transferList: [port2] }).then(
      () => {},
      (error: unknown) => {
        this.#drain()
        this.#end(error)
      },
    )
  }

  post(message: CoordinatorMessage): void {
    this.#port.postMessage(message)
  }

  /** The thread has ended. */
  async close(): Promise<void> {
    await this.#task
    this.#drain()
    this.#port.close()
  }

  /** Takes what the thread posted before it died, such as the last it printed. */
  #drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message as PortMessage)
    }
  }

  #receive(message: PortMessage): void {
    if (this.#ended) return
    if (message.kind === 'ended') this.#end(undefined)
    else this.#listener.onMessage(this.#slotIndex, message)
  }

  #end(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#listener.onEnd(this.#slotIndex, error)
  }
}
