import { keyGroupRangeForSubtask } from '../keys/key-group-range.ts'
import { MAX_PARALLELISM_LIMIT } from '../keys/max-parallelism.ts'
import { BLOCK_HEADER_BYTES, FILE_HEADER_BYTES } from './data-file-format.ts'
import { MetadataFields } from './metadata-fields.ts'
import type {
  KeyedStateHandle,
  KeyedStateMeta,
  KeyGroupBlock,
  ListStateHandle,
  OperatorState,
  OperatorSubtaskState,
  SnapshotMetadata,
  StateBlock,
  StateLocation,
} from './snapshot.ts'

const operatorsMax = 100_000
const statesMax = 10_000
const checksumMax = 2 ** 32 - 1
const hexId = /^[0-9a-f]{32}$/
/** A plain name of a file: neither a way out of the directory nor a hidden file. */
const fileName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/

/** A decoded body as metadata, every field of it checked. Throws SnapshotError `SNAPSHOT_CORRUPT`. */
export function readMetadataBody(body: unknown, file: string): SnapshotMetadata {
  const fields = new MetadataFields(body, '', file)
  const operators = fields.maps('operators', 0, operatorsMax).map(readOperator)
  const ids = new Set(operators.map(({ operatorId }) => operatorId))
  if (ids.size !== operators.length) throw fields.refuse('operators', 'has an operator twice')
  return {
    kind: fields.oneOf('kind', ['checkpoint', 'savepoint']),
    checkpointId: fields.integer('checkpointId', 0, Number.MAX_SAFE_INTEGER),
    timestampMs: fields.integer('timestampMs', 0, Number.MAX_SAFE_INTEGER),
    jobId: fields.text('jobId', hexId),
    jobName: fields.text('jobName'),
    operators,
  }
}

function readOperator(fields: MetadataFields): OperatorState {
  const maxParallelism = fields.integer('maxParallelism', 1, MAX_PARALLELISM_LIMIT)
  const parallelism = fields.integer('parallelism', 1, maxParallelism)
  return {
    operatorId: fields.text('operatorId', hexId),
    uid: fields.optionalText('uid'),
    name: fields.text('name'),
    parallelism,
    maxParallelism,
    coordinator: fields.isAbsent('coordinator') ? undefined : fields.bytes('coordinator'),
    subtasks: fields
      .maps('subtasks', parallelism, parallelism)
      .map((subtask, index) => readSubtask(subtask, keyGroupRangeForSubtask(index, maxParallelism, parallelism))),
  }
}

function readSubtask(
  fields: MetadataFields,
  range: { readonly start: number; readonly end: number },
): OperatorSubtaskState {
  const lists = fields.maps('lists', 0, statesMax).map(readList)
  if (new Set(lists.map(({ name }) => name)).size !== lists.length) throw fields.refuse('lists', 'has a name twice')
  return {
    isFinished: fields.boolean('isFinished'),
    hasEndedInput: fields.boolean('hasEndedInput'),
    keyed: fields.isAbsent('keyed') ? undefined : readKeyed(fields.map('keyed'), range),
    lists,
  }
}

function readKeyed(
  fields: MetadataFields,
  { start, end }: { readonly start: number; readonly end: number },
): KeyedStateHandle {
  const location = readLocation(fields)
  const states = fields.maps('states', 0, statesMax).map(readState)
  if (new Set(states.map(({ name }) => name)).size !== states.length) throw fields.refuse('states', 'has a name twice')
  let previous = start - 1
  let free = firstOffset(location)
  const rows = fields.rows('keyGroups', end - start + 1, 4 + states.length)
  const keyGroups = rows.map(([keyGroup, offset, length, checksum, ...keyCounts], i): KeyGroupBlock => {
    const place = `keyGroups[${i}]`
    if (keyGroup! <= previous || keyGroup! > end) {
      throw fields.refuse(place, `is key group ${keyGroup}, expected one of ${previous + 1} to ${end}`)
    }
    const block = { offset: offset!, length: length!, checksum: checksum! }
    checkBlock(fields, place, block, location, free)
    previous = keyGroup!
    free = offset! + length!
    return { keyGroup: keyGroup!, ...block, keyCounts }
  })
  return { location, states, keyGroups }
}

function readState(fields: MetadataFields): KeyedStateMeta {
  return {
    name: fields.text('name'),
    kind: fields.oneOf('kind', ['value', 'list', 'map', 'reducing', 'aggregating', 'timers']),
    type: fields.type('type'),
    mapKeyType: fields.isAbsent('mapKeyType') ? undefined : fields.type('mapKeyType'),
    isDeclared: fields.boolean('isDeclared'),
    hasTtl: fields.boolean('hasTtl'),
  }
}

function readList(fields: MetadataFields): ListStateHandle {
  const location = readLocation(fields)
  const block = {
    offset: fields.integer('offset', 0, Number.MAX_SAFE_INTEGER),
    length: fields.integer('length', 4, Number.MAX_SAFE_INTEGER),
    checksum: fields.integer('checksum', 0, checksumMax),
  }
  checkBlock(fields, 'offset', block, location, firstOffset(location))
  return {
    name: fields.text('name'),
    mode: fields.oneOf('mode', ['split', 'union', 'broadcast']),
    type: fields.type('type'),
    isDeclared: fields.boolean('isDeclared'),
    location,
    block,
    // Each has its length in the block.
    itemCount: fields.integer('itemCount', 0, Math.floor(block.length / 4) - 1),
  }
}

function readLocation(fields: MetadataFields): StateLocation {
  const location = fields.map('location')
  return location.isAbsent('path')
    ? { kind: 'inline', bytes: location.bytes('bytes') }
    : { kind: 'file', path: location.text('path', fileName) }
}

function firstOffset(location: StateLocation): number {
  return location.kind === 'file' ? FILE_HEADER_BYTES + BLOCK_HEADER_BYTES : 0
}

/** Blocks lie one after the other, within what there is. How long files are is known when they are read. */
function checkBlock(
  fields: MetadataFields,
  place: string,
  { offset, length, checksum }: StateBlock,
  location: StateLocation,
  free: number,
): void {
  const end = offset + length
  if (offset < free)
    throw fields.refuse(place, `starts at ${offset}, where something else is: expected ${free} or more`)
  if (checksum > checksumMax) throw fields.refuse(place, `has the checksum ${checksum}, which is none`)
  const limit = location.kind === 'file' ? Number.MAX_SAFE_INTEGER : location.bytes.length
  if (end > limit) throw fields.refuse(place, `ends at ${end}, expected ${limit} or less`)
}
