import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { CoordinatorMessage, SlotMessage } from '../protocol/messages.ts'
import type { SlotDeployment } from '../protocol/slot-deployment.ts'
import type { SlotConnections, SlotListener, SlotTransport } from './slot-transport.ts'

/** Messages that say how a slot ended; anything posted before them has been delivered by then. */
type PortMessage = SlotMessage | { readonly kind: 'ended' }

/**
 * Slots in worker threads: each is a Piscina worker that holds one open task for the whole attempt. The pool belongs to
 * the attempt and ends with it, by abort, so that isolates, timers and sockets of user code go too.
 */
export class WorkerSlots implements SlotTransport {
  readonly #workerFile: string

  constructor(workerFile: string) {
    this.#workerFile = workerFile
  }

  deploy(deployments: readonly SlotDeployment[], listener: SlotListener): SlotConnections {
    const pool = new Piscina({
      filename: this.#workerFile,
      minThreads: deployments.length,
      maxThreads: deployments.length,
      concurrentTasksPerWorker: 1,
      maxQueue: deployments.length,
      atomics: 'disabled',
      idleTimeout: Number.POSITIVE_INFINITY,
    })
    const abort = new AbortController()
    const ports: MessagePort[] = []
    const tasks = deployments.map((deployment, slotIndex) => {
      const { port1, port2 } = new MessageChannel()
      ports.push(port1)
      let ended = false
      const end = (error: unknown) => {
        if (ended) return
        ended = true
        listener.onEnd(slotIndex, error)
      }
      port1.on('message', (message: PortMessage) => {
        if (message.kind === 'ended') end(undefined)
        else if (!ended) listener.onMessage(slotIndex, message)
      })
      return pool
        .run({ deployment, port: port2 }, { transferList: [port2], signal: abort.signal })
        .catch((error: unknown) => {
          // What the thread posted before it died is still in the port's queue.
          setImmediate(() => end(error))
        })
    })
    return {
      send: (slotIndex: number, message: CoordinatorMessage) => ports[slotIndex]?.postMessage(message),
      async terminate() {
        abort.abort()
        await Promise.all(tasks)
        await pool.destroy()
        for (const port of ports) port.close()
      },
    }
  }
}
