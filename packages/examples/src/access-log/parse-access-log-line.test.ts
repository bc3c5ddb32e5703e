import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { generateAccessLogLine } from './generate-access-log-line.ts'
import { parseAccessLogLine } from './parse-access-log-line.ts'

const at = '[21/Nov/2026:10:00:26 +0000]'
const entry = {
  remoteAddress: '127.0.0.1',
  user: '-',
  timestampMs: Date.UTC(2026, 10, 21, 10, 0, 26),
  method: 'GET',
  path: '/',
  query: '',
  protocol: 'HTTP/1.1',
  status: 200,
  bytes: 6,
  referer: '-',
  userAgent: 'curl/8.0',
}

describe('parseAccessLogLine', () => {
  test.each([
    ['a plain line', `127.0.0.1 - - ${at} "GET / HTTP/1.1" 200 6 "-" "curl/8.0"`, entry],
    [
      'IPv6, a query, HTTP/2.0',
      `::1 - - ${at} "GET /a/b?x=1?y HTTP/2.0" 200 6 "-" "curl/8.0"`,
      { ...entry, remoteAddress: '::1', path: '/a/b', query: '?x=1?y', protocol: 'HTTP/2.0' },
    ],
    ['a time zone', `127.0.0.1 - - [21/Nov/2026:15:30:26 +0530] "GET / HTTP/1.1" 200 6 "-" "curl/8.0"`, entry],
    [
      'quotes as Apache and as nginx escape them',
      `127.0.0.1 - - ${at} "GET /\\"x HTTP/1.1" 200 6 "http://x/\\x22" "a \\"b\\" c\\\\"`,
      { ...entry, path: '/\\"x', referer: 'http://x/\\x22', userAgent: 'a \\"b\\" c\\\\' },
    ],
    [
      'a user whose name has blanks and brackets',
      `127.0.0.1 - ann [x] y ${at} "GET / HTTP/1.1" 200 6 "-" "curl/8.0"`,
      { ...entry, user: 'ann [x] y' },
    ],
    [
      'a size of -, as Apache writes 0',
      `127.0.0.1 - - ${at} "GET / HTTP/1.1" 304 - "-" "curl/8.0"`,
      { ...entry, status: 304, bytes: 0 },
    ],
    ['the Common Log Format', `127.0.0.1 - - ${at} "GET / HTTP/1.1" 200 6`, { ...entry, userAgent: '-' }],
    ['further fields at the end', `127.0.0.1 - - ${at} "GET / HTTP/1.1" 200 6 "-" "curl/8.0" "10.0.0.1" 0.002`, entry],
    [
      'what is sent to proxies',
      `127.0.0.1 - - ${at} "GET http://example.com/abs?x=1 HTTP/1.1" 200 6 "-" "curl/8.0"`,
      { ...entry, path: '/abs', query: '?x=1' },
    ],
    ['a bare host', `127.0.0.1 - - ${at} "GET http://example.com HTTP/1.1" 200 6 "-" "curl/8.0"`, entry],
    [
      'CONNECT',
      `127.0.0.1 - - ${at} "CONNECT example.com:443 HTTP/1.1" 400 6 "-" "curl/8.0"`,
      { ...entry, method: 'CONNECT', path: 'example.com:443', status: 400 },
    ],
    ['HTTP/0.9', `127.0.0.1 - - ${at} "GET /" 200 6 "-" "curl/8.0"`, { ...entry, protocol: 'HTTP/0.9' }],
    [
      'blanks in the target',
      `127.0.0.1 - - ${at} "GET /a b c HTTP/1.1" 400 6 "-" "curl/8.0"`,
      { ...entry, path: '/a b c', status: 400 },
    ],
  ])('reads %s', (_what, line, expected) => {
    expect(parseAccessLogLine(line)).toEqual(expected)
  })

  test.each(['\\x16\\x03\\x01\\x22', 'GET', '', '-', 'SSH-2.0-Go', '\\x00 / HTTP/1.1', 'GET  HTTP/1.1'])(
    'takes the request "%s" for none, in a line that is in order',
    (request) => {
      expect(parseAccessLogLine(`127.0.0.1 - - ${at} "${request}" 400 6 "-" "curl/8.0"`)).toEqual({
        ...entry,
        method: '-',
        path: '-',
        protocol: '-',
        status: 400,
      })
    },
  )

  test.each([
    ['', 'no client address'],
    ['\0\0\0', 'no client address'],
    [' - - ', 'no client address'],
    ['127.0.0.1 - - ', 'no time'],
    [`127.0.0.1 - - [21/Foo/2026:10:00:26 +0000] "GET / HTTP/1.1" 200 6 "-" "-"`, 'no time'],
    [`127.0.0.1 - - [21/Nov/2026:1x:00:26 +0000] "GET / HTTP/1.1" 200 6 "-" "-"`, 'no time'],
    [`127.0.0.1 - - ${at} GET / HTTP/1.1 200 6`, 'no request'],
    [`127.0.0.1 - - ${at} "GET / HTTP/1.1`, 'no request'],
    [`127.0.0.1 - - ${at} "GET / HTTP/1.1\\" 200 6`, 'no request'],
    [`127.0.0.1 - - ${at} "GET / HTTP/1.1" 20`, 'no status and size'],
    [`127.0.0.1 - - ${at} "GET / HTTP/1.1" 200 x "-" "-"`, 'no status and size'],
    [`127.0.0.1 - - ${at} "GET / HTTP/1.1" 200 6 "-`, 'no user agent'],
    [`127.0.0.1 - - ${at} "GET / HTTP/1.1" 200 6 "-" "cur`, 'no user agent'],
  ])('finds %j malformed: %s', (line, reason) => {
    expect(parseAccessLogLine(line)).toBe(reason)
  })

  test('reads every line that a real nginx wrote, whatever it was sent', () => {
    const lines = linesOf('nginx-access.log')
    const entries = lines.map((line) => parseAccessLogLine(line))
    expect(lines.filter((_, i) => typeof entries[i] === 'string')).toEqual([])
    expect(lines.length).toBe(79)
    const noRequests = lines.filter((_, i) => (entries[i] as { readonly method: string }).method === '-')
    expect(noRequests.map((line) => line.split('"')[1])).toEqual([
      '\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03\\xB0\\x0E\\x22\\x5Cx00abc\\x13\\x01',
      'GET',
      '\\x00\\x00\\x00\\x00',
      'SSH-2.0-OpenSSH_9.2',
    ])
  })
})

describe('generateAccessLogLine', () => {
  test('is a function of the index and the seed', () => {
    const make = (seed: number) => Array.from({ length: 100 }, (_, i) => generateAccessLogLine(i, seed))
    expect(make(1)).toEqual(make(1))
    expect(make(2)).not.toEqual(make(1))
  })

  test('makes the sample that is shipped', () => {
    expect(linesOf('access.log')).toEqual(Array.from({ length: 2_000 }, (_, i) => generateAccessLogLine(i)))
  })

  test('damages few lines, in several ways', () => {
    const results = Array.from({ length: 20_000 }, (_, i) => parseAccessLogLine(generateAccessLogLine(i)))
    const reasons = results.filter((result) => typeof result === 'string')
    expect(reasons.length).toBeGreaterThan(20)
    expect(reasons.length).toBeLessThan(100)
    expect(new Set(reasons)).toEqual(new Set(['no client address', 'no time', 'no request']))
  })
})

function linesOf(name: string): readonly string[] {
  return readFileSync(new URL(`../../data/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .slice(0, -1)
}
