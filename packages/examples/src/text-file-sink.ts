import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { ConnectorError, type Sink, type SinkWriter } from '@millrace/runtime/connector'

/** So many characters are gathered before they are written. */
const writeAbove = 64 * 1024

/**
 * Writes every record as a line of one file. The file appears when the input has ended: until then its lines are in
 * `<file>.part` beside it, which goes away if the job fails.
 */
export class TextFileSink implements Sink<string> {
  readonly parallelismMax = 1
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  async createWriter(): Promise<SinkWriter<string>> {
    const part = `${this.#path}.part`
    try {
      return new TextFileWriter(this.#path, part, await open(part, 'w'))
    } catch (cause) {
      const path = this.#path
      const message = `Cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`
      throw new ConnectorError('FILE_NOT_WRITABLE', message, { path }, { cause })
    }
  }
}

class TextFileWriter implements SinkWriter<string> {
  readonly #path: string
  readonly #part: string
  readonly #file: FileHandle
  #text = ''
  #isComplete = false

  constructor(path: string, part: string, file: FileHandle) {
    this.#path = path
    this.#part = part
    this.#file = file
  }

  write(line: string): void | Promise<void> {
    this.#text += `${line}\n`
    if (this.#text.length >= writeAbove) return this.#writeText()
  }

  async flush(endOfInput: boolean): Promise<void> {
    await this.#writeText()
    if (!endOfInput) return
    await this.#file.sync()
    await rename(this.#part, this.#path)
    this.#isComplete = true
  }

  async close(): Promise<void> {
    await this.#file.close()
    if (!this.#isComplete) await rm(this.#part, { force: true })
  }

  async #writeText(): Promise<void> {
    const text = this.#text
    this.#text = ''
    if (text !== '') await this.#file.appendFile(text)
  }
}
