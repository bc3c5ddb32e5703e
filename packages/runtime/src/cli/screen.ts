import { createLogUpdate } from 'log-update'
import type { Clock } from '../base/clock.ts'
import { type OutputStream, writeText } from './terminal.ts'

export interface ScreenOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** Whether stderr is a terminal on which lines can be overwritten. */
  readonly isLive: boolean
  readonly clock: Clock
}

/** A job may print many times in this time; the lines below are drawn anew once. */
const redrawDelayMs = 30

/**
 * The two streams of the process, with some lines at the bottom of stderr that are overwritten again and again. Text that
 * goes to the terminal in between is written above them: they are erased before, and drawn anew after it.
 */
export class Screen {
  readonly #options: ScreenOptions
  readonly #draw: ReturnType<typeof createLogUpdate> | undefined
  #lines: readonly string[] = []
  /** The last text on the terminal has not ended its line: nothing can be drawn below it yet. */
  #isMidLine = false
  #cancelRedraw: (() => void) | undefined

  constructor(options: ScreenOptions) {
    this.#options = options
    this.#draw = options.isLive ? createLogUpdate(options.stderr, { showCursor: true }) : undefined
  }

  /** Shows these lines instead of those shown so far. Without a terminal it does nothing. */
  show(lines: readonly string[]): void {
    this.#lines = lines
    this.#cancelRedraw?.()
    this.#cancelRedraw = undefined
    if (lines.length === 0) this.#draw?.clear()
    else if (!this.#isMidLine) this.#draw?.(lines.join('\n'))
  }

  /** Resolves when the text has left; rejects if nobody reads stdout any more. */
  writeOut(text: string): Promise<void> {
    const { stdout } = this.#options
    return stdout.isTTY === true ? this.#writeAbove(stdout, text) : writeText(stdout, text)
  }

  writeError(text: string): Promise<void> {
    return this.#writeAbove(this.#options.stderr, text)
  }

  /** Removes the lines for good. */
  end(): void {
    this.show([])
    this.#draw?.done()
  }

  #writeAbove(stream: OutputStream, text: string): Promise<void> {
    if (text === '') return Promise.resolve()
    if (!this.#isMidLine) this.#draw?.clear()
    // A terminal takes text at once, so the two streams keep their order there.
    const written = writeText(stream, text)
    this.#isMidLine = this.#draw !== undefined && !text.endsWith('\n')
    if (this.#lines.length > 0) {
      this.#cancelRedraw ??= this.#options.clock.schedule(redrawDelayMs, () => this.show(this.#lines))
    }
    return written
  }
}
