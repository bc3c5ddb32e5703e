import { BrokerError } from './broker-error.ts'
import { type KnownBroker, requestMetadata } from './metadata-request.ts'

const answerTimeoutMs = 10_000

/**
 * The brokers of the cluster that `KAFKA_BROKERS` names, by what the first of them answers.
 *
 * @throws BrokerError `NO_ANSWER`
 */
export async function askExternalBrokers(brokers: string): Promise<readonly KnownBroker[]> {
  const [first = ''] = brokers.split(',')
  try {
    const { hostname, port } = new URL(`kafka://${first}`)
    return await requestMetadata(hostname, Number(port || 9092), answerTimeoutMs)
  } catch (cause) {
    const what = `KAFKA_BROKERS=${brokers} does not answer: ${(cause as Error).message}. Start it, or unset KAFKA_BROKERS.`
    throw new BrokerError('NO_ANSWER', what, cause)
  }
}
