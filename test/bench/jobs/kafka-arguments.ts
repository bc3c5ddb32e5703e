/** What W6 and W6r are told. */
export interface KafkaBenchArguments {
  readonly brokers: string
  readonly topic: string
  readonly recordCount: number
  /** W6: where the counts go, and how. */
  readonly output: string
  readonly guarantee: 'at-least-once' | 'exactly-once'
}

/** They come as one argument of JSON. */
export function kafkaBenchArguments([text = '']: readonly string[]): KafkaBenchArguments {
  return JSON.parse(text) as KafkaBenchArguments
}
