import type { TextOutput } from '../connector/sink.ts'
import type { SlotMessage } from '../protocol/messages.ts'

/** Characters that may be on their way to the terminal before sinks are asked to wait. */
const WAIT_ABOVE = 1024 * 1024
/** Characters that may be on their way before text that cannot wait (console.log) is dropped. */
const DROP_ABOVE = 16 * 1024 * 1024
const BATCH = 16 * 1024
/** What a message counts for beside its text, so that many short ones are bounded, too. */
const MESSAGE_CHARACTERS = 128

/**
 * A slot's way to the program's standard output and error. It goes through the coordinator, since a thread that is
 * ended loses what it wrote to a stream of its own. Bounded: what the coordinator has not written yet is counted.
 */
export class TextChannel implements TextOutput {
  readonly #send: (message: SlotMessage) => void
  #pending = ''
  #onTheWay = 0
  #dropped = 0
  #waiters: (() => void)[] = []

  constructor(send: (message: SlotMessage) => void) {
    this.#send = send
  }

  write(text: string): void | Promise<void> {
    this.#pending += text
    if (this.#pending.length >= BATCH) this.flush()
    if (this.#onTheWay + this.#pending.length <= WAIT_ABOVE) return
    this.flush()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** For console and direct writes to the process's streams, which cannot wait. Sent at once: a crash may follow. */
  writeUnasked(stream: 'stdout' | 'stderr', text: string): void {
    if (text === '') return
    if (this.#onTheWay > DROP_ABOVE) {
      this.#dropped += text.length
      return
    }
    this.flush()
    this.#post(stream, text)
  }

  /** Sends what has been gathered, and tells what was dropped. To be called after each visit, and at the end. */
  flush(): void {
    if (this.#dropped > 0 && this.#onTheWay <= DROP_ABOVE) this.#tellDropped()
    if (this.#pending === '') return
    const text = this.#pending
    this.#pending = ''
    this.#post('stdout', text)
  }

  /** Nothing follows. */
  end(): void {
    this.flush()
    if (this.#dropped > 0) this.#tellDropped()
  }

  /** The coordinator has written one message's text. */
  onWritten(length: number): void {
    this.#onTheWay -= length + MESSAGE_CHARACTERS
    if (this.#onTheWay > WAIT_ABOVE / 2) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const resume of waiters) resume()
  }

  #tellDropped(): void {
    const dropped = this.#dropped
    this.#dropped = 0
    const text = `[millrace] ${dropped} characters of console output were dropped: they came faster than they could be written\n`
    this.#post('stderr', text)
  }

  #post(stream: 'stdout' | 'stderr', text: string): void {
    this.#onTheWay += text.length + MESSAGE_CHARACTERS
    this.#send({ kind: 'text', stream, text })
  }
}
