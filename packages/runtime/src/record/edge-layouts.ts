import { generateRowWriter, type RowWriter } from './row-writer.ts'
import { descriptionText, type TypeDescription } from './type-description.ts'
import { inferType, joinTypes } from './type-inference.ts'

/** Records that go the general way while their types are joined. */
const samplesMax = 32
/** Layouts in use at a time: each record that changes the layout tries them in turn. */
const layoutsMax = 4
/** Layouts ever made, since types are widened: each is compiled on both sides. */
const definitionsMax = 32
/** A bound on the code that is generated for a layout. */
const definitionCharsMax = 1 << 15
/** Kinds of records that are counted at a time. */
const kindsMax = 32
/** As many misfits of a kind widen its layout, or make one. */
const misfitsToWiden = 2

/** A way to write records of one type. */
export interface Layout {
  readonly id: number
  readonly write: RowWriter
  /** What a channel gets before the first use; absent if both sides know the layout. */
  readonly definition: Uint8Array | undefined
}

/** Records of one kind have a chance to fit one layout: objects with the same keys, arrays, scalars, ... */
interface RecordKind {
  /** Of all records of this kind that went the general way. */
  type: TypeDescription
  count: number
  layout: Layout | undefined
  layoutText: string
}

/** The layouts of an edge without a declared type, learned from its records and shared by its channels. */
export class EdgeLayouts {
  /** Those to try, best first. */
  layouts: readonly Layout[] = []
  readonly #kinds = new Map<string, RecordKind>()
  #samples = 0
  #definitions = 0

  /** Takes note of a record that went the general way. It is one that the general codec has accepted. */
  observe(record: unknown): void {
    if (this.#definitions >= definitionsMax) return
    const kind = this.#kindOf(record)
    const isHopeless = kind?.layout === undefined && this.layouts.length >= layoutsMax
    if (kind !== undefined && !isHopeless) {
      kind.count++
      kind.type = joinTypes(kind.type, inferType(record))
    }
    if (this.#samples < samplesMax) {
      if (++this.#samples === samplesMax) this.#endSampling()
    } else if (kind !== undefined && kind.count >= misfitsToWiden) {
      this.#widen(kind)
    }
  }

  #kindOf(record: unknown): RecordKind | undefined {
    const key = kindKey(record)
    const known = this.#kinds.get(key)
    if (known !== undefined || this.#kinds.size >= kindsMax) return known
    const kind: RecordKind = { type: { kind: 'nothing' }, count: 0, layout: undefined, layoutText: '' }
    this.#kinds.set(key, kind)
    return kind
  }

  #endSampling(): void {
    const frequent = [...this.#kinds.values()].sort((a, b) => b.count - a.count)
    for (const kind of frequent) {
      if (kind.count >= misfitsToWiden) this.#widen(kind)
      kind.count = 0
    }
  }

  #widen(kind: RecordKind): void {
    kind.count = 0
    const text = descriptionText(kind.type)
    const isUseful = kind.type.kind !== 'generic' && text !== kind.layoutText && text.length <= definitionCharsMax
    const hasPlace = kind.layout !== undefined || this.layouts.length < layoutsMax
    if (!isUseful || !hasPlace || this.#definitions >= definitionsMax) return
    const layout: Layout = {
      id: ++this.#definitions,
      write: generateRowWriter(kind.type, true),
      definition: Buffer.from(text, 'utf8'),
    }
    const replaced = kind.layout
    this.layouts =
      replaced === undefined ? [...this.layouts, layout] : this.layouts.map((l) => (l === replaced ? layout : l))
    kind.layout = layout
    kind.layoutText = text
  }
}

function kindKey(record: unknown): string {
  if (typeof record !== 'object' || record === null) return typeof record === 'bigint' ? 'bigint' : 'scalar'
  if (Array.isArray(record)) return 'array'
  const prototype: unknown = Object.getPrototypeOf(record)
  if (prototype === Object.prototype) return `row ${JSON.stringify(Object.keys(record))}`
  return prototype === Date.prototype ? 'date' : ArrayBuffer.isView(record) ? 'bytes' : 'other'
}
