import { EdgeDecoder } from './edge-decoder.ts'
import { EdgeEncoder } from './edge-encoder.ts'
import { EdgeLayouts, type Layout } from './edge-layouts.ts'
import { GeneralDecoder } from './general-decoder.ts'
import { GeneralEncoder } from './general-encoder.ts'
import { RecordError } from './record-error.ts'
import { generateRowReader, type RowReader } from './row-reader.ts'
import { generateRowWriter } from './row-writer.ts'
import type { SegmentDecoder, SegmentEncoder } from './segment-codec.ts'
import { descriptionOf, hasGenericPart, parseDescription, type TypeDescription, typeName } from './type-description.ts'
import type { TypeInformation } from './type-information.ts'
import type { TypeRegistry } from './type-registry.ts'

export interface EdgeCodecOptions<T> {
  /** The declared type of the records. Without it the codec infers their layouts. */
  readonly type?: TypeInformation<T> | undefined
  readonly registry?: TypeRegistry | undefined
  /** False after `disableGenericTypes()`. */
  readonly genericTypes: boolean
  /** Names the edge in messages, e.g. `Parse -> Count`. */
  readonly describe: () => string
}

/**
 * How the records of one edge become bytes.
 *
 * With a declared type, writers and readers are generated from it, and a record of another type is a RecordError.
 * Without one, the first records go through the general codec while their types are joined; then writers and readers are
 * generated for the few layouts that were seen, each record is checked against them, and what does not fit goes through
 * the general codec, in order. Either way every value arrives exactly (see `general-codec.ts`).
 *
 * Getters, symbol keys and non-enumerable properties are looked for wherever the general codec is used, and in the first
 * record of each segment; on a record between those that otherwise fits a layout, they are not seen. The same holds for
 * named properties of arrays.
 */
export interface EdgeCodec<T> {
  /** One for each channel. All of them share what is learned about the records. */
  encoder(): SegmentEncoder<T>
  /** One for each channel. */
  decoder(): SegmentDecoder<T>
}

/** The one layout of a declared type. */
const declaredLayoutId = 1
/** Readers are shared by the channels of an edge; an edge in one thread hardly ever has as many. */
const readersMax = 256

/** Throws RecordError GENERIC_TYPE if `genericTypes` is false and the type is not declared in every part. */
export function createEdgeCodec<T>(options: EdgeCodecOptions<T>): EdgeCodec<T> {
  const { registry, describe } = options
  const attempt = (): string => `Cannot send a record along ${describe()}`
  const general = new GeneralEncoder({ registry, attempt })
  const type = options.type === undefined ? undefined : descriptionOf(options.type)
  if (!options.genericTypes) requireDeclared(type, describe)
  const readers = new Map<string, RowReader>()
  const readerOf = (text: string): RowReader => {
    let reader = readers.get(text)
    if (reader === undefined) {
      if (readers.size >= readersMax) readers.clear()
      reader = generateRowReader(parseDescription(text))
      readers.set(text, reader)
    }
    return reader
  }
  if (type === undefined || type.kind === 'generic') {
    const layouts = new EdgeLayouts()
    return {
      encoder: () => new EdgeEncoder<T>(general, layouts),
      decoder: () => new EdgeDecoder<T>(new GeneralDecoder(registry), readerOf),
    }
  }
  const layout: Layout = { id: declaredLayoutId, write: generateRowWriter(type, false), definition: undefined }
  const reader = generateRowReader(type)
  return {
    encoder: () => new EdgeEncoder<T>(general, { type, layout, attempt }),
    decoder: () => new EdgeDecoder<T>(new GeneralDecoder(registry), readerOf, [declaredLayoutId, reader]),
  }
}

function requireDeclared(type: TypeDescription | undefined, describe: () => string): void {
  if (type !== undefined && !hasGenericPart(type)) return
  const what = type === undefined ? 'no declared type' : `the type ${typeName(type)}, a part of which is generic`
  const message = `Cannot send records along ${describe()}: they have ${what}, and disableGenericTypes() was called. Remedy: declare it with returns(type).`
  throw new RecordError('GENERIC_TYPE', message, type === undefined ? {} : { type: typeName(type) })
}
