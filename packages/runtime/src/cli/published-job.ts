import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { messageOf } from '../base/message-of.ts'
import { disposeSnapshot } from '../cluster/dispose-snapshot.ts'
import type { JobHandle } from '../cluster/job-handle.ts'
import { RestServer } from '../rest/rest-server.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import type { JobRegistry } from './job-registry.ts'

export interface PublishParts {
  readonly registry: JobRegistry
  readonly storage: SnapshotStorage
  readonly clock: Clock
  readonly logger: Logger
  /** `rest.port` */
  readonly port: number
  /** Where the output goes, if the job is detached. */
  readonly log: string | undefined
}

/** How long whoever has asked for something may take to hear the answer, after the job has ended. */
const lingerMs = 3_000

/** A job that the other commands can find and speak to. A job that cannot be published runs all the same. */
export class PublishedJob {
  readonly #handle: JobHandle
  readonly #parts: PublishParts
  readonly #server: RestServer | undefined
  readonly #token: string

  private constructor(handle: JobHandle, parts: PublishParts, server: RestServer | undefined, token: string) {
    this.#handle = handle
    this.#parts = parts
    this.#server = server
    this.#token = token
  }

  /** Resolves when it can be found. */
  static async publish(handle: JobHandle, parts: PublishParts): Promise<PublishedJob> {
    const token = randomBytes(32).toString('hex')
    const { clock, logger, port, storage } = parts
    const disposeSavepoint = async (path: string): Promise<void> => {
      await disposeSnapshot(storage, path)
    }
    let server: RestServer | undefined
    try {
      server = await RestServer.start({ handle, port, token, clock, logger, disposeSavepoint })
    } catch (error) {
      logger.warn(`No command can reach this job, since it cannot listen on loopback: ${String(error)}`)
    }
    const job = new PublishedJob(handle, parts, server, token)
    await job.#register()
    return job
  }

  /** To be called when the job has ended. */
  async end(): Promise<void> {
    await this.#register()
    await this.#server?.close(lingerMs)
  }

  async #register(): Promise<void> {
    const { id, name, status, startTimeMs, endTimeMs } = this.#handle
    const { registry, log, logger } = this.#parts
    const access =
      endTimeMs === undefined ? { port: this.#server?.port, token: this.#token } : { port: undefined, token: undefined }
    try {
      await registry.put({ id, name, status, startTimeMs, endTimeMs, log, ...access })
    } catch (error) {
      logger.warn(messageOf(error))
    }
  }
}
