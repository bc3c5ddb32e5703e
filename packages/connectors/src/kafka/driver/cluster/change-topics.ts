import { ConnectionLostError } from '../connection/broker-connection.ts'
import type { NamedAnswer } from '../protocol/admin-requests.ts'
import { brokerError, brokerErrorKind, brokerErrors } from '../protocol/broker-errors.ts'
import type { WireRequest } from '../protocol/wire-request.ts'
import type { Cluster } from './cluster.ts'
import { RetriableError } from './retry.ts'

/** A change that topics of these names are to have, by one request for all that do not have it yet. */
export interface TopicChange {
  /** Completes "Cannot ...". */
  readonly what: string
  readonly names: readonly string[]
  readonly requestOf: (names: readonly string[]) => WireRequest<readonly NamedAnswer[]>
  /** What brokers answer for a topic that has the change already. */
  readonly errorOnceMade: number
}

/**
 * Asks the controller until every topic is changed. After an answer that was lost, or came too late, the change may have been made: an
 * error that says so is our own success then. In KRaft mode any broker passes such requests on.
 */
export async function changeTopics(cluster: Cluster, change: TopicChange): Promise<void> {
  const { what, names, requestOf, errorOnceMade } = change
  const open = new Set(names)
  const doubtful = new Set<string>()
  await cluster.retrier.run(what, { topics: names }, async () => {
    let answers: readonly NamedAnswer[]
    try {
      answers = await cluster.sendToController(requestOf([...open]))
    } catch (error) {
      if (error instanceof ConnectionLostError) for (const name of open) doubtful.add(name)
      throw error
    }
    let again: Error = new Error('the broker left a topic out of its answer')
    for (const { name, error, errorMessage } of answers) {
      if (error === 0 || (error === errorOnceMade && doubtful.has(name))) {
        open.delete(name)
        continue
      }
      const reason = brokerError(`Cannot ${what}`, error, { topics: names, topic: name }, errorMessage)
      // A topic that is not there is an answer here, and waited for nowhere.
      if (brokerErrorKind(error).remedy === 'give-up' || error === brokerErrors.unknownTopic) throw reason
      if (error === brokerErrors.requestTimedOut) doubtful.add(name)
      again = reason
    }
    if (open.size === 0) return
    cluster.forgetController()
    throw new RetriableError(again)
  })
}
