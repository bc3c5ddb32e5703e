import type { SaslAccess } from '../../scripts/kafka/kafka-cluster.ts'

/** How tests reach the broker that they share. */
export interface KafkaAccess {
  /** `host:port`, or several with commas between. */
  readonly brokers: string
  /** Its listener with SASL over TLS; `undefined` if it is a broker of somebody else's. */
  readonly sasl: SaslAccess | undefined
}
