import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Definition {
  readonly schema: string
  readonly schemaType: string
  readonly references: readonly { readonly name: string; readonly subject: string; readonly version: number }[]
}

interface Version extends Definition {
  readonly id: number
  readonly version: number
  isDeleted: boolean
}

class Refusal extends Error {
  readonly status: number
  readonly errorCode: number

  constructor(status: number, errorCode: number, message: string) {
    super(message)
    this.status = status
    this.errorCode = errorCode
  }
}

/**
 * A schema registry within the process, with the HTTP API of Confluent's as far as the formats use it: paths, bodies, statuses and
 * error codes are those of the real one.
 */
export class FakeRegistry implements AsyncDisposable {
  readonly url: string
  /** `GET /schemas/ids/1`, in the order of their coming. */
  readonly requests: string[] = []
  /** Headers of the last request. */
  headers: IncomingMessage['headers'] = {}
  /** Answers why a schema is not compatible, if it is not. */
  compatibility: (subject: string, schema: string) => string | undefined = () => undefined
  /** What the next requests fail with: a status, `hang` for no answer, `cut` for a connection that ends. */
  readonly failures: (number | 'hang' | 'cut')[] = []
  /** Called when a request is left without an answer. */
  onHang: () => void = () => {}
  /** The value of `authorization` without which nothing is answered. */
  authorization: string | undefined
  readonly #server: Server
  readonly #subjects = new Map<string, Version[]>()
  readonly #ids = new Map<number, Definition>()
  #nextId = 1

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start({ firstId = 1 }: { readonly firstId?: number } = {}): Promise<FakeRegistry> {
    const server = createServer((request, response) => void registry.#handle(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const registry = new FakeRegistry(server)
    registry.#nextId = firstId
    return registry
  }

  /** Registers as a client would, and answers the id. */
  register(subject: string, definition: Partial<Definition> & { readonly schema: string }): number {
    return this.#register(subject, { schemaType: 'AVRO', references: [], ...definition })
  }

  /** As `DELETE /subjects/{subject}`; schemas stay readable by their id, unless `permanently`. */
  delete(subject: string, { permanently = false }: { readonly permanently?: boolean } = {}): void {
    for (const version of this.#subjects.get(subject) ?? []) {
      version.isDeleted = true
      if (permanently) this.#ids.delete(version.id)
    }
    if (permanently) this.#subjects.delete(subject)
  }

  /** What is registered, by subject. */
  schemas(subject: string): readonly Definition[] {
    return (this.#subjects.get(subject) ?? []).map(({ schema, schemaType, references }) => ({
      schema,
      schemaType,
      references,
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    this.requests.push(`${request.method} ${request.url}`)
    this.headers = request.headers
    // Other clients have wishes that change nothing here (normalize, subject).
    const path = request.url?.replace(/\?.*/, '')
    const failure = this.failures.shift()
    if (failure === 'hang') return this.onHang()
    if (failure === 'cut') return void request.socket.destroy()
    try {
      if (failure !== undefined) throw new Refusal(failure, failure === 500 ? 50001 : failure, 'Error in the backend')
      if (this.authorization !== undefined && request.headers.authorization !== this.authorization) {
        throw new Refusal(401, 401, 'Unauthorized')
      }
      const text = Buffer.concat(chunks).toString()
      answer(response, 200, this.#answer(`${request.method} ${path}`, text === '' ? {} : JSON.parse(text)))
    } catch (error) {
      const { status, errorCode, message } =
        error instanceof Refusal ? error : new Refusal(500, 50001, `Broken: ${error}`)
      answer(response, status, { error_code: errorCode, message })
    }
  }

  #answer(request: string, body: Partial<Definition>): unknown {
    const byId = /^GET \/schemas\/ids\/(\d+)$/.exec(request)
    if (byId !== null) {
      const found = this.#ids.get(Number(byId[1]))
      if (found === undefined) throw new Refusal(404, 40403, `Schema ${byId[1]} not found`)
      return toBody(found)
    }
    const ofSubject = /^(GET|POST) \/subjects\/([^/]+)(?:\/versions(?:\/(\d+|latest))?)?$/.exec(request)
    if (ofSubject === null) throw new Refusal(404, 404, 'HTTP 404 Not Found')
    const [, method, encoded = '', version] = ofSubject
    const subject = decodeURIComponent(encoded)
    if (method === 'GET') {
      const found = this.#version(subject, version ?? 'latest')
      return { subject, version: found.version, id: found.id, ...toBody(found) }
    }
    const definition = {
      schema: body.schema ?? '',
      schemaType: body.schemaType ?? 'AVRO',
      references: body.references ?? [],
    }
    if (request.endsWith('/versions')) return { id: this.#register(subject, definition) }
    const found = this.#live(subject).find((each) => isSame(each, definition))
    if (found === undefined) throw new Refusal(404, 40403, 'Schema not found')
    return { subject, version: found.version, id: found.id, ...toBody(found) }
  }

  #register(subject: string, given: Definition): number {
    const definition = { ...given, schema: canonical(given) }
    for (const reference of definition.references) this.#version(reference.subject, String(reference.version))
    const versions = this.#subjects.get(subject) ?? []
    const same = versions.find((each) => !each.isDeleted && isSame(each, definition))
    if (same !== undefined) return same.id
    const reason = this.compatibility(subject, definition.schema)
    if (reason !== undefined) throw new Refusal(409, 409, `Schema being registered is incompatible: ${reason}`)
    const known = [...this.#ids].find(([, each]) => isSame(each, definition))
    const id = known?.[0] ?? this.#nextId++
    this.#ids.set(id, definition)
    this.#subjects.set(subject, [...versions, { ...definition, id, version: versions.length + 1, isDeleted: false }])
    return id
  }

  #live(subject: string): readonly Version[] {
    const versions = this.#subjects.get(subject)
    if (versions === undefined) throw new Refusal(404, 40401, `Subject '${subject}' not found.`)
    const live = versions.filter(({ isDeleted }) => !isDeleted)
    if (live.length === 0) throw new Refusal(404, 40404, `Subject '${subject}' was soft deleted.`)
    return live
  }

  #version(subject: string, which: string): Version {
    const live = this.#live(subject)
    const found = which === 'latest' ? live.at(-1) : live.find(({ version }) => version === Number(which))
    if (found === undefined) throw new Refusal(404, 40402, `Version ${which} not found.`)
    return found
  }
}

/** As the real one, it has Avro without blanks, and refuses what it cannot understand. */
function canonical({ schema, schemaType }: Definition): string {
  if (schemaType === 'PROTOBUF') return schema
  try {
    const parsed: unknown = JSON.parse(schema)
    return schemaType === 'AVRO' ? JSON.stringify(parsed) : schema
  } catch {
    throw new Refusal(422, 42201, `Invalid schema ${schema}`)
  }
}

function isSame(one: Definition, other: Definition): boolean {
  const key = (each: Definition) => JSON.stringify([each.schemaType, canonical(each), each.references])
  return key(one) === key(other)
}

/** Without what is Avro, and without references where there are none. */
function toBody({ schema, schemaType, references }: Definition): object {
  return {
    schema,
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
  response.end(JSON.stringify(body))
}
