import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { RestError } from './rest-error.ts'

/**
 * Who may ask at all. The server listens on loopback, where every user of the machine and every page in a browser can reach
 * it: a page that has made its own name point to 127.0.0.1 is told by `Host`, one of another origin by `Origin`, another
 * user by the token, which only the owner of the registry can read.
 */
export class RequestGuard {
  readonly #hosts: ReadonlySet<string>
  readonly #tokenHash: Buffer

  constructor(parts: { readonly port: number; readonly token: string }) {
    this.#hosts = new Set(['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${parts.port}`))
    this.#tokenHash = sha256(parts.token)
  }

  /** @throws RestError `FORBIDDEN` or `UNAUTHORIZED`. */
  check(headers: IncomingHttpHeaders): void {
    const { host = '', origin, authorization = '' } = headers
    if (!this.#hosts.has(host.toLowerCase())) {
      throw new RestError(
        'FORBIDDEN',
        `The host "${host}" is not served here: use one of ${[...this.#hosts].join(', ')}`,
      )
    }
    if (origin !== undefined && !this.#hosts.has(origin.toLowerCase().replace(/^http:\/\//, ''))) {
      throw new RestError('FORBIDDEN', `Requests from the origin "${origin}" are not served`)
    }
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    // Hashes have one length, so the comparison takes the same time for every guess.
    if (!timingSafeEqual(sha256(token), this.#tokenHash)) {
      throw new RestError('UNAUTHORIZED', 'The token of the job is needed: send it as "Authorization: Bearer <token>"')
    }
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
