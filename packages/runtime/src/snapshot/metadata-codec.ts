import { createHash } from 'node:crypto'
import { Packr } from 'msgpackr/pack'
import { Unpackr } from 'msgpackr/unpack'
import { descriptionText } from '../record/type-description.ts'
import { foreignFile } from './data-file-format.ts'
import { bodyOffset, corruptMetadata } from './metadata-fields.ts'
import { findMsgpackFault } from './msgpack-scan.ts'
import { readMetadataBody } from './read-metadata-body.ts'
import type {
  KeyedStateHandle,
  ListStateHandle,
  OperatorState,
  OperatorSubtaskState,
  SnapshotMetadata,
  StateLocation,
} from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'

// `_metadata`: magic, version, length and digest of the body; the body is one msgpack map.
// docs/savepoint-format.md is the specification.

export const METADATA_VERSION = 1
/** A larger one could not be read back with bounded memory. */
export const metadataBytesMax: number = 1024 * 1024 * 1024

const MAGIC = 'MILLMETA'

// Plain data only: no records, no extensions, nothing that would make classes or code.
const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** Throws SnapshotError `SNAPSHOT_TOO_LARGE`. */
export function encodeMetadata(metadata: SnapshotMetadata): Uint8Array {
  const body = packr.pack({ ...metadata, operators: metadata.operators.map(plainOperator) })
  if (bodyOffset + body.length > metadataBytesMax) throw tooLarge(bodyOffset + body.length)
  const bytes = Buffer.alloc(bodyOffset + body.length)
  bytes.write(MAGIC, 0, 'latin1')
  bytes.writeUInt32LE(METADATA_VERSION, 8)
  bytes.writeUInt32LE(body.length, 12)
  bytes.set(body, bodyOffset)
  bytes.set(digestOf(bytes), 16)
  return bytes
}

/** `file` names it in errors. Throws SnapshotError `SNAPSHOT_FOREIGN` or `SNAPSHOT_CORRUPT`. */
export function decodeMetadata(bytes: Uint8Array, file: string): SnapshotMetadata {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  // What is too short to tell is called cut off if it begins as ours do.
  if (!MAGIC.startsWith(buffer.toString('latin1', 0, Math.min(8, buffer.length)))) {
    throw foreignFile(file, 'it is not the metadata of a snapshot of Millrace')
  }
  if (buffer.length < bodyOffset) throw corruptMetadata(file, 'header', 0, `it is cut off after ${buffer.length} bytes`)
  const version = buffer.readUInt32LE(8)
  if (version !== METADATA_VERSION) {
    throw foreignFile(file, `its format has version ${version}, and this Millrace reads version ${METADATA_VERSION}`)
  }
  const length = buffer.readUInt32LE(12)
  if (length !== buffer.length - bodyOffset) {
    const what = `it should have ${length} bytes, and has ${buffer.length - bodyOffset}`
    throw corruptMetadata(file, 'body', bodyOffset, what)
  }
  if (!digestOf(buffer).equals(buffer.subarray(16, bodyOffset))) {
    throw corruptMetadata(file, 'body', bodyOffset, 'its digest differs')
  }
  const body = buffer.subarray(bodyOffset)
  const fault = findMsgpackFault(body)
  if (fault !== undefined) throw corruptMetadata(file, 'body', bodyOffset + fault.offset, fault.what)
  let value: unknown
  try {
    value = unpackr.unpack(body)
  } catch (cause) {
    throw corruptMetadata(file, 'body', bodyOffset, 'it is no msgpack', {}, { cause })
  }
  return readMetadataBody(value, file)
}

/** SHA-256 of version, length and body. */
function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes.subarray(8, 16)).update(bytes.subarray(bodyOffset)).digest()
}

function plainOperator(operator: OperatorState): unknown {
  const { uid = null, coordinator = null, subtasks } = operator
  return { ...operator, uid, coordinator, subtasks: subtasks.map(plainSubtask) }
}

function plainSubtask({ isFinished, hasEndedInput, keyed, lists }: OperatorSubtaskState): unknown {
  return {
    isFinished,
    hasEndedInput,
    keyed: keyed === undefined ? null : plainKeyed(keyed),
    lists: lists.map(plainList),
  }
}

function plainKeyed({ location, states, keyGroups }: KeyedStateHandle): unknown {
  return {
    location: plainLocation(location),
    states: states.map(({ name, kind, type, mapKeyType, isDeclared, hasTtl }) => ({
      name,
      kind,
      type: descriptionText(type),
      mapKeyType: mapKeyType === undefined ? null : descriptionText(mapKeyType),
      isDeclared,
      hasTtl,
    })),
    // There may be 32768 of them: rows take a third of what maps would.
    keyGroups: keyGroups.map(({ keyGroup, offset, length, checksum, keyCounts }) => [
      keyGroup,
      offset,
      length,
      checksum,
      ...keyCounts,
    ]),
  }
}

function plainList({ name, mode, type, isDeclared, location, block, itemCount }: ListStateHandle): unknown {
  return {
    name,
    mode,
    type: descriptionText(type),
    isDeclared,
    location: plainLocation(location),
    offset: block.offset,
    length: block.length,
    checksum: block.checksum,
    itemCount,
  }
}

function plainLocation(location: StateLocation): unknown {
  return location.kind === 'file' ? { path: location.path } : { bytes: location.bytes }
}

function tooLarge(byteCount: number): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_TOO_LARGE',
    `Cannot write snapshot metadata of ${byteCount} bytes: at most ${metadataBytesMax} can be read back. Lower execution.checkpointing.data-inline-threshold.`,
    { byteCount, metadataBytesMax },
  )
}
