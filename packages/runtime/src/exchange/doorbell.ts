/** How one worker tells another that there is something to do. */
export interface Doorbell {
  ring(): void
}

const BELL = 0
const WAITING = 1

/**
 * The doorbell of one worker, in shared memory. Everyone may ring; only the owner reads and waits.
 *
 * The owner reads the bell, *then* visits all its subtasks, then waits for a bell other than the one it read. Whatever
 * was made ready during the visit has rung since, so the wait ends at once. Reading after the visit loses that ring.
 *
 * A waiting promise keeps no thread alive: the owner holds some other reference.
 */
export class SharedDoorbell implements Doorbell {
  /** May be posted to other threads. */
  readonly words: Int32Array
  #waitCount = 0

  constructor(words: Int32Array) {
    this.words = words
  }

  static allocate(): SharedDoorbell {
    return new SharedDoorbell(new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)))
  }

  ring(): void {
    Atomics.add(this.words, BELL, 1)
    // The owner announces its wait before it compares the bell. So either it sees the bell just raised, or we see
    // that it waits; a busy owner costs no notification.
    if (Atomics.load(this.words, WAITING) !== 0) Atomics.notify(this.words, BELL)
  }

  read(): number {
    return Atomics.load(this.words, BELL)
  }

  /**
   * Resolves when the bell is not `seen` any more, or `timeoutMs` have passed; undefined if it is not `seen` now.
   * Undefined is no yield: the caller still owes its event loop one from time to time.
   */
  waitAsync(seen: number, timeoutMs?: number): Promise<void> | undefined {
    // A wait that its caller gave up would stay in the engine's list of waiters; this releases it.
    if (Atomics.load(this.words, WAITING) !== 0) Atomics.notify(this.words, BELL)
    Atomics.store(this.words, WAITING, 1)
    const waiting = Atomics.waitAsync(this.words, BELL, seen, timeoutMs)
    const waitCount = ++this.#waitCount
    if (waiting.async) return waiting.value.then(() => this.#woke(waitCount))
    this.#woke(waitCount)
    return undefined
  }

  #woke(waitCount: number): void {
    // A wait that was given up must not hide the one that followed it.
    if (waitCount === this.#waitCount) Atomics.store(this.words, WAITING, 0)
  }
}

/** The doorbell of a simulated worker, which the scheduler reads. */
export class LocalDoorbell implements Doorbell {
  rung = false

  ring(): void {
    this.rung = true
  }

  /** Whether it rang since it was last asked. */
  take(): boolean {
    const rung = this.rung
    this.rung = false
    return rung
  }
}
