/**
 * One request, as a line of a web server's access log tells it. Texts are as the server escaped them (`\x22`, `\"`), so
 * they are safe to print. `-` stands for what the line does not tell.
 */
export interface AccessLogEntry {
  readonly remoteAddress: string
  readonly user: string
  /** Milliseconds since the epoch. */
  readonly timestampMs: number
  /** `-` if the client sent something that is no HTTP request; then `path` and `protocol` are `-` too. */
  readonly method: string
  /** Without the query string; of `http://host/path`, as proxies get it, the part from the path on. */
  readonly path: string
  /** With its `?`; empty if there is none. */
  readonly query: string
  /** `HTTP/0.9` if the request names none. */
  readonly protocol: string
  readonly status: number
  /** Bytes of the response's body. */
  readonly bytes: number
  readonly referer: string
  readonly userAgent: string
}

/** What a line lacks that is no line of an access log; named after the first thing that was not found. */
export type Malformation = 'no client address' | 'no time' | 'no request' | 'no status and size' | 'no user agent'

/** A line that is none of an access log. */
export interface MalformedLine {
  readonly reason: Malformation
  /** Its first characters. */
  readonly line: string
}
