/** Where the schema registry is, and how to talk to it. The HTTP API is Confluent's, which others speak as well. */
export interface SchemaRegistryOptions {
  /** `http://localhost:8081`; several of one cluster, separated by commas or as an array, of which any may be down. */
  readonly url: string | readonly string[]
  readonly auth?: RegistryAuth
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long one request may take. Default 10 s. */
  readonly requestTimeoutMs?: number
  /** How long an answer is tried for, at all URLs, before the job fails. Default 30 s. */
  readonly retryTimeoutMs?: number
  /** Before the second round of all URLs; doubled with each one. Default 100 ms. */
  readonly retryBackoffMs?: number
  /** Default 5 s. */
  readonly retryBackoffMaxMs?: number
  /** Schemas kept, each with the code made for it; beyond that the oldest is fetched anew. Default 1000. */
  readonly schemasMax?: number
}

/** A user, or a token that whoever made it vouches for. A URL may name a user as well. */
export type RegistryAuth = { readonly username: string; readonly password: string } | { readonly bearerToken: string }
