import { ConnectorError, type ReaderOutput } from '@millrace/runtime/connector'
import { type Parser, parse } from 'csv-parse'
import type { CsvFormatOptions } from './csv-format.ts'
import { type FileSplit, type SplitPosition, UNTIL_END } from './file-split.ts'
import { LineRange } from './line-range.ts'
import { type MalformedRecords, SKIPPED } from './malformed-records.ts'
import type { EmitStatus, SplitRecords } from './split-records.ts'

/** How much is parsed at a time; its records wait in memory. */
const PARSED_BYTES = 64 * 1024

interface ParsedRecord {
  readonly fields: readonly string[]
  /** The line on which the record ends, from 1, counted from the start of what was parsed. */
  readonly line: number
  /** Of what was parsed, up to the end of the record and its line end. */
  readonly bytes: number
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
  /** Up to the last record that was emitted or left out. */
  #consumedBytes = 0
  #consumedLines = 0
  /** Of the preamble, which is not in the file at this place. */
  readonly #preambleBytes: number

  constructor(split: FileSplit, options: CsvFormatOptions<T>, malformed: MalformedRecords) {
    this.#split = split
    this.#options = options
    this.#malformed = malformed
    this.#range = new LineRange(split.offset, split.length === UNTIL_END ? UNTIL_END : split.offset + split.length)
    this.#names = typeof options.header === 'boolean' ? split.fieldNames : this.#checkedNames(options.header)
    this.#parser = this.#createParser()
    const preamble = Buffer.from(split.preamble === undefined ? '' : `${split.preamble}\n`)
    this.#preambleBytes = preamble.length
    if (preamble.length > 0) this.#parse(preamble)
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
    const isInFile = this.#consumedBytes > this.#preambleBytes
    const linesBefore = this.#linesBefore()
    return {
      offset: isInFile ? this.#range.firstOffset + this.#consumedBytes - this.#preambleBytes : this.#split.offset,
      linesBefore: linesBefore === undefined ? undefined : linesBefore + this.#consumedLines,
      fieldNames: this.#options.header === true ? this.#names : undefined,
    }
  }

  #emitParsed(output: ReaderOutput<T>): boolean {
    const parsed = this.#parsed
    while (this.#parsedPosition < parsed.length) {
      const next = parsed[this.#parsedPosition++]!
      const record = this.#recordOf(next)
      this.#consumedBytes = next.bytes
      this.#consumedLines = next.line
      if (record === SKIPPED) continue
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
      on_record: (fields: readonly string[], { lines, bytes }) => {
        this.#parsed.push({ fields, line: lines, bytes })
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
    const linesBefore = this.#linesBefore()
    // The header line is put before every split.
    return linesBefore !== undefined
      ? `the record that ends on line ${linesBefore + line} of "${this.#split.path}"`
      : `the record that ends on line ${line - (this.#split.preamble === undefined ? 0 : 1)} after byte ${this.#split.offset} of "${this.#split.path}"`
  }
  /** Lines of the file before what is parsed, if that is known. */
  #linesBefore(): number | undefined {
    return this.#range.startsFile ? 0 : this.#split.linesBefore
  }
}
