import { randomBelow } from '../random-draw.ts'

/** When the generated log begins. */
const startMs = Date.UTC(2026, 10, 21, 6)
/** A busy site: 250 requests a second. */
const stepMs = 4
/** One line in so many is damaged, and one in so many tells of a client that spoke no HTTP. */
const damagedEvery = 400
const garbageEvery = 300

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const pages = [
  '/',
  '/products',
  '/search',
  '/login',
  '/cart',
  '/checkout',
  '/about',
  '/blog/2026/11/streams-in-node',
  '/docs/%C3%BCbersicht.html',
  '/products/42/reviews',
] as const
const assets = ['/static/app.js', '/static/app.css', '/static/logo.svg', '/fonts/inter.woff2', '/favicon.ico'] as const
const attacks = ['/wp-login.php', '/.env', '/.git/config', '/phpmyadmin/index.php', '/cgi-bin/luci'] as const
const queries = [
  '',
  '',
  '',
  '?page=2',
  '?q=stream%20processing&sort=price',
  '?utm_source=news&utm_medium=mail',
] as const
const referers = ['-', '-', 'https://shop.example/', 'https://www.example.org/search?q=\\x22streams\\x22'] as const
const userAgents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/)',
  'curl/8.11.0',
  'monitor \\"uptime\\" v2 \\\\ probe',
  '-',
] as const
const garbage = [
  '"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03" 400 157',
  '"SSH-2.0-Go" 400 157',
  '"" 400 0',
  '"GET" 400 157',
  '"-" 408 -',
] as const

/**
 * Line `index` of an access log in the Combined Log Format as a public web site has it: mostly pages and their assets,
 * some of it from scanners, from IPv6 clients or behind a login, a few requests that are no HTTP, and a few lines that
 * were damaged on their way to the disk. A pure function.
 */
export function generateAccessLogLine(index: number, seed = 0): string {
  const below = (bound: number, draw: number): number => randomBelow(bound, seed, index, draw)
  const head = `${clientOf(below)} - ${below(25, 1) === 0 ? 'ann' : '-'} [${timeOf(startMs + index * stepMs)}]`
  if (below(garbageEvery, 2) === 0) return `${head} ${garbage[below(garbage.length, 3)]!} "-" "-"`
  const line = `${head} ${requestOf(below)} "${referers[below(referers.length, 4)]!}" "${userAgentOf(below)}"`
  return below(damagedEvery, 5) === 0 ? damaged(line, below) : line
}

type Below = (bound: number, draw: number) => number

function clientOf(below: Below): string {
  // A few clients send most of the requests.
  const client = below(1 + below(4096, 10), 11)
  return client % 8 === 7 ? `2001:db8::${(client >> 3).toString(16)}` : `203.0.113.${client & 0xff}`
}

function requestOf(below: Below): string {
  const protocol = below(3, 20) === 0 ? 'HTTP/1.1' : 'HTTP/2.0'
  const kind = below(100, 21)
  if (kind < 50) {
    const asset = skewed(assets, below, 22)
    const status = below(4, 23) === 0 ? 304 : 200
    return `"GET ${asset} ${protocol}" ${status} ${status === 304 ? 0 : 4_000 + below(60_000, 24)}`
  }
  if (kind < 88) {
    const page = skewed(pages, below, 22)
    const query = queries[below(queries.length, 25)]!
    const dice = below(200, 23)
    const status = dice === 0 ? 500 : dice < 3 ? 502 : dice < 8 ? 404 : dice < 16 ? 302 : 200
    return `"GET ${page}${query} ${protocol}" ${status} ${status === 200 ? 1_500 + below(30_000, 24) : 153}`
  }
  if (kind < 94) return `"POST /api/orders ${protocol}" ${below(20, 23) === 0 ? 422 : 201} ${below(800, 24)}`
  if (kind < 95) return `"PUT /api/orders/${below(500, 22)} ${protocol}" 204 0`
  if (kind < 96) return `"HEAD / HTTP/1.1" 200 0`
  if (kind < 97) return `"OPTIONS * HTTP/1.0" 200 -`
  if (kind < 98) return `"PROPFIND /dav/ HTTP/1.1" 405 157`
  return `"GET ${attacks[below(attacks.length, 22)]!} HTTP/1.1" ${below(10, 23) === 0 ? 403 : 404} 153`
}

function userAgentOf(below: Below): string {
  return skewed(userAgents, below, 30)
}

/** The first values are drawn most often. */
function skewed<T>(values: readonly T[], below: Below, draw: number): T {
  return values[below(1 + below(values.length, draw + 100), draw)]!
}

function damaged(line: string, below: Below): string {
  switch (below(4, 40)) {
    case 0:
      // The disk was full.
      return line.slice(0, 10 + below(50, 41))
    case 1:
      return line.replace(/\[.*?\]/, '[21/Foo/2026]')
    case 2:
      // Rotated while it was being written.
      return '\0'.repeat(1 + below(40, 41))
    default:
      return `${line.slice(0, line.indexOf('"'))}${line.slice(line.indexOf('"') + 1).replaceAll('"', '')}`
  }
}

function timeOf(timestampMs: number): string {
  const time = new Date(timestampMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]!}/${time.getUTCFullYear()}`
  return `${day}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`
}
