import type { AccessLogEntry, Malformation } from './access-log-entry.ts'

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const DASH = 0x2d
/** `21/Nov/2026:10:00:26 +0000`. */
const timeLength = 26
const months = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const methodPattern = /^[A-Za-z][A-Za-z0-9_.~!#$%&'*+^`|-]*$/
const protocolPattern = /^HTTP\/\d/
const absolutePattern = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/**
 * Reads a line of the Combined Log Format of nginx and Apache:
 *
 *     address ident user [time] "request" status bytes "referer" "user agent"
 *
 * The Common Log Format, which ends after the bytes, is read as well, and fields that a server was told to add at the
 * end are left out. A client that sends garbage (a TLS greeting to the HTTP port, say) makes a line that is in perfect
 * order: it is an entry with method and path `-`, not a malformation.
 */
export function parseAccessLogLine(line: string): AccessLogEntry | Malformation {
  const addressEnd = line.indexOf(' ')
  if (addressEnd <= 0) return 'no client address'

  // A user's name may hold spaces and brackets, so what counts is the time within the brackets.
  let bracket = line.indexOf(' [', addressEnd)
  let timestampMs = Number.NaN
  while (bracket !== -1) {
    timestampMs = parseTime(line, bracket + 2)
    if (!Number.isNaN(timestampMs)) break
    bracket = line.indexOf(' [', bracket + 1)
  }
  if (bracket === -1) return 'no time'
  const identEnd = line.indexOf(' ', addressEnd + 1)
  const user = identEnd < bracket ? line.slice(identEnd + 1, bracket) : '-'

  const requestStart = bracket + 2 + timeLength + 3
  if (line.charCodeAt(requestStart - 1) !== QUOTE) return 'no request'
  const requestEnd = closingQuote(line, requestStart)
  if (requestEnd === -1) return 'no request'

  const statusStart = requestEnd + 2
  const status = digits(line, statusStart, statusStart + 3)
  const bytesStart = statusStart + 4
  if (status === -1 || line.charCodeAt(bytesStart - 1) !== SPACE) return 'no status and size'
  const afterBytes = line.indexOf(' ', bytesStart)
  const bytesEnd = afterBytes === -1 ? line.length : afterBytes
  const isDash = bytesEnd === bytesStart + 1 && line.charCodeAt(bytesStart) === DASH
  const bytes = isDash ? 0 : digits(line, bytesStart, bytesEnd)
  if (bytes === -1) return 'no status and size'

  let referer = '-'
  let userAgent = '-'
  if (bytesEnd < line.length) {
    const refererEnd = line.charCodeAt(bytesEnd + 1) === QUOTE ? closingQuote(line, bytesEnd + 2) : -1
    if (refererEnd === -1 || line.charCodeAt(refererEnd + 2) !== QUOTE) return 'no user agent'
    const userAgentEnd = closingQuote(line, refererEnd + 3)
    if (userAgentEnd === -1) return 'no user agent'
    referer = line.slice(bytesEnd + 2, refererEnd)
    userAgent = line.slice(refererEnd + 3, userAgentEnd)
  }

  const { method, path, query, protocol } = parseRequest(line.slice(requestStart, requestEnd))
  const remoteAddress = line.slice(0, addressEnd)
  return { remoteAddress, user, timestampMs, method, path, query, protocol, status, bytes, referer, userAgent }
}

type RequestLine = Pick<AccessLogEntry, 'method' | 'path' | 'query' | 'protocol'>

const noRequest: RequestLine = { method: '-', path: '-', query: '', protocol: '-' }

/** Spaces within the target, which only broken clients send, belong to the target. */
function parseRequest(request: string): RequestLine {
  const methodEnd = request.indexOf(' ')
  if (methodEnd <= 0) return noRequest
  const method = request.slice(0, methodEnd)
  if (!methodPattern.test(method)) return noRequest
  const last = request.lastIndexOf(' ')
  const ending = request.slice(last + 1)
  const hasProtocol = last > methodEnd && protocolPattern.test(ending)
  const target = request.slice(methodEnd + 1, hasProtocol ? last : request.length)
  if (target === '') return noRequest
  const queryStart = target.indexOf('?')
  const path = queryStart === -1 ? target : target.slice(0, queryStart)
  return {
    method,
    path: path.startsWith('/') ? path : withoutHost(path),
    query: queryStart === -1 ? '' : target.slice(queryStart),
    protocol: hasProtocol ? ending : 'HTTP/0.9',
  }
}

/** `*` and the `host:port` of CONNECT stay as they are. */
function withoutHost(target: string): string {
  return absolutePattern.test(target) ? target.replace(absolutePattern, '') || '/' : target
}

/** The next quote that no backslash escapes: Apache writes `\"`, nginx `\x22`. */
function closingQuote(line: string, from: number): number {
  let quote = line.indexOf('"', from)
  while (quote !== -1) {
    let slashes = quote
    while (slashes > from && line.charCodeAt(slashes - 1) === BACKSLASH) slashes--
    if ((quote - slashes) % 2 === 0) return quote
    quote = line.indexOf('"', quote + 1)
  }
  return -1
}

/** `21/Nov/2026:10:00:26 +0000]` in milliseconds since the epoch; NaN if it is not that. */
function parseTime(line: string, at: number): number {
  if (line.charCodeAt(at + timeLength) !== 0x5d) return Number.NaN
  const day = digits(line, at, at + 2)
  const month = months.indexOf(line.slice(at + 3, at + 6))
  const year = digits(line, at + 7, at + 11)
  const hour = digits(line, at + 12, at + 14)
  const minute = digits(line, at + 15, at + 17)
  const second = digits(line, at + 18, at + 20)
  const sign = line.charCodeAt(at + 21) === DASH ? -1 : 1
  const offsetHours = digits(line, at + 22, at + 24)
  const offsetMinutes = digits(line, at + 24, at + 26)
  if (month === -1 || month % 3 !== 0) return Number.NaN
  if (Math.min(day, year, hour, minute, second, offsetHours, offsetMinutes) === -1) return Number.NaN
  const offset = sign * (offsetHours * 60 + offsetMinutes)
  return Date.UTC(year, month / 3, day, hour, minute, second) - offset * 60_000
}

/** The whole number written in `[from, to)`; -1 if anything but digits is there. */
function digits(line: string, from: number, to: number): number {
  if (to <= from || to > line.length) return -1
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = line.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
