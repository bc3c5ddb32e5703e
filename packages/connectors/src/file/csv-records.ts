import { ConnectorError, type ReaderOutput } from '@millrace/runtime/connector'
import { type Parser, parse } from 'csv-parse'
import type { CsvFormatOptions } from './csv-format.ts'
import { type FileSplit, UNTIL_END } from './file-split.ts'
import { LineRange } from './line-range.ts'
import { type MalformedRecords, SKIPPED } from './malformed-records.ts'
import type { EmitStatus, SplitPosition, SplitRecords } from './split-records.ts'

/** How much is parsed at a time; its records wait in memory. */
const PARSED_BYTES = 64 * 1024

interface ParsedRecord {
  readonly fields: readonly string[]
  /** The line on which the record ends, from 1, counted from the start of the split. */
  readonly line: number
}

/** Turns the bytes of one split into CSV records. */
export class CsvRecords<T> implements SplitRecords<T> {
  readonly #split: FileSplit
  readonly #options: CsvFormatOptions<T>
  readonly #malformed: MalformedRecords
  readonly #range: LineRange
  readonly #parser: Parser
  #names: readonly string[] | undefined
  #unparsed: Buffer = Buffer.alloc(0)
  #hasBytesEnded = false
  #parsed: ParsedRecord[] = []
  #parsedPosition = 0
  #emittedCount = 0

  constructor(split: FileSplit, options: CsvFormatOptions<T>, malformed: MalformedRecords) {
    this.#split = split
    this.#options = options
    this.#malformed = malformed
    this.#range = new LineRange(split.offset, split.length === UNTIL_END ? UNTIL_END : split.offset + split.length)
    this.#names = typeof options.header === 'boolean' ? undefined : this.#checkedNames(options.header)
    this.#parser = this.#createParser()
    if (split.preamble !== undefined) this.#parse(Buffer.from(`${split.preamble}\n`))
  }

  feed(chunk: Buffer): void {
    this.#unparsed = this.#range.trim(chunk)
  }

  async endOfBytes(): Promise<void> {
    this.#hasBytesEnded = true
    // Only its end makes the parser look at the last record, and it does so in a later tick.
    await new Promise<void>((resolve) => {
      this.#parser.once('close', resolve)
      this.#parser.end()
    })
  }

  emit(output: ReaderOutput<T>): EmitStatus {
    for (;;) {
      if (!this.#emitParsed(output)) return 'output-full'
      if (this.#unparsed.length > 0) {
        const part = this.#unparsed.subarray(0, PARSED_BYTES)
        this.#unparsed = this.#unparsed.subarray(part.length)
        // The parser keeps what it has not used, but the chunk will be overwritten.
        this.#parse(Buffer.from(part))
        continue
      }
      if (this.#hasBytesEnded) {
        this.#throwIfFailed()
        return 'end'
      }
      return this.#range.hasEnded ? 'has-all-bytes' : 'needs-bytes'
    }
  }

  position(): SplitPosition {
    return { offset: this.#split.offset, recordsAfterOffset: this.#emittedCount }
  }

  #emitParsed(output: ReaderOutput<T>): boolean {
    const parsed = this.#parsed
    while (this.#parsedPosition < parsed.length) {
      const record = this.#recordOf(parsed[this.#parsedPosition++]!)
      if (record === SKIPPED) continue
      this.#emittedCount++
      if (!output.collect(record)) return false
    }
    this.#parsed = []
    this.#parsedPosition = 0
    return true
  }

  #recordOf({ fields, line }: ParsedRecord): T | typeof SKIPPED {
    const describePlace = () => this.#describePlace(line)
    if (this.#options.header === false) return this.#malformed.validate(this.#options.schema, fields, describePlace)
    if (this.#names === undefined) {
      this.#names = this.#checkedNames(fields)
      return SKIPPED
    }
    const names = this.#names
    if (fields.length !== names.length) {
      return this.#malformed.report(describePlace, fields, `it has ${fields.length} fields, not ${names.length}`)
    }
    const record: Record<string, string> = {}
    for (let index = 0; index < names.length; index++) record[names[index]!] = fields[index]!
    return this.#malformed.validate(this.#options.schema, record, describePlace)
  }

  #parse(bytes: Buffer): void {
    this.#parser.write(bytes)
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    const cause = this.#parser.errored
    if (cause === null) return
    throw new ConnectorError(
      'MALFORMED_RECORD',
      `Cannot read the CSV in "${this.#split.path}"${this.#split.offset === 0 ? '' : ` from byte ${this.#split.offset} on`}: ` +
        `${cause.message}. Pass onMalformed: 'skip' to leave such records out.`,
      { path: this.#split.path, offset: this.#split.offset },
      { cause },
    )
  }

  #createParser(): Parser {
    const { delimiter, quote, comment, trim, onMalformed, recordBytesMax } = this.#options
    const parser = parse({
      delimiter,
      quote,
      ...(comment === undefined ? {} : { comment }),
      trim,
      bom: this.#range.startsFile,
      record_delimiter: ['\r\n', '\n'],
      max_record_size: recordBytesMax,
      // Names and the number of fields are dealt with here: csv-parse's own objects cost several times as much.
      columns: false,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_error: onMalformed === 'skip',
      on_record: (fields: readonly string[], { lines }) => {
        this.#parsed.push({ fields, line: lines })
        // Nothing goes through the stream, so a write parses all it was given before it returns.
        return null
      },
      on_skip: (error, raw) => {
        this.#malformed.report(() => this.#describePlace(parser.info.lines), raw, error?.message ?? 'it is malformed')
        return undefined
      },
    })
    // Errors are found by looking at the parser, when it is their turn.
    parser.on('error', () => {})
    parser.resume()
    return parser
  }

  #checkedNames(names: readonly string[]): readonly string[] {
    const wrong = names.find((name, index) => name === '__proto__' || names.indexOf(name) !== index)
    if (wrong === undefined) return names
    throw new ConnectorError(
      'INVALID_CSV_HEADER',
      `Cannot name the fields of "${this.#split.path}" after its header: "${wrong}" ` +
        `${wrong === '__proto__' ? 'is not a name for a field' : 'occurs twice'}. Pass the names as header.`,
      { path: this.#split.path, header: [...names], name: wrong },
    )
  }

  #describePlace(line: number): string {
    // The header line is put before every split.
    return this.#range.startsFile
      ? `the record that ends on line ${line} of "${this.#split.path}"`
      : `the record that ends on line ${line - (this.#split.preamble === undefined ? 0 : 1)} after byte ${this.#split.offset} of "${this.#split.path}"`
  }
}
