import type { SaslAccess } from '../../scripts/kafka/kafka-cluster.ts'

/** How tests reach the broker that they share. */
export interface KafkaAccess {
  /** `host:port`, or several with commas between. */
  readonly brokers: string
  /** Its listener with SASL over TLS; `undefined` if it is somebody else's and none of ours can run. */
  readonly sasl: SaslAccess | undefined
}
