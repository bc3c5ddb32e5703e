// TODO(helper): the class with Flink's builder.
export interface StateTtlConfig {
  readonly ttlMs: number
  readonly updateType: 'Disabled' | 'OnCreateAndWrite' | 'OnReadAndWrite'
  readonly stateVisibility: 'NeverReturnExpired' | 'ReturnExpiredIfNotCleanedUp'
}
