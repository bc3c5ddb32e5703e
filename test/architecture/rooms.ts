import { posix } from 'node:path'
import type { Import } from './imports.ts'

/** The rooms of packages/runtime/src by floor. A room imports from lower floors and from itself only. */
export const floors: readonly (readonly string[])[] = [
  ['base'],
  ['record', 'keys', 'configuration'],
  ['exchange', 'snapshot'],
  ['state', 'metrics'],
  ['time', 'connector'],
  ['operators'],
  ['graph'],
  ['api'],
  ['protocol'],
  // The two sides of a job: control between them is data, so neither imports the other.
  ['task', 'cluster'],
  ['rest'],
  // Starts the REST API of the job that it runs.
  ['cli'],
]

/** The rooms of packages/connectors/src/kafka, in the same order. */
export const kafkaFloors: readonly (readonly string[])[] = [
  ['driver'],
  ['formats'],
  ['sink/transactions'],
  ['source', 'sink'],
]

/** May import every room: its tests' worlds are made of all of them. */
const openRoom = 'testing'

/** What only tests use, and no package has: as tests, it may import everything. */
const forTestsOnly = /^(?:[^/]+\/testing|testing\/exchange)\//

/** Outside packages that one place names. `undefined`: nowhere in the runtime. */
const places: Readonly<Record<string, RegExp | undefined>> = {
  piscina: /^(cluster|task)\/[^/]*(slot|worker|thread)[^/]*\.ts$/,
  msgpackr: /^(record|snapshot|protocol)\//,
  pino: /logger[^/]*\.ts$/,
  kafkajs: undefined,
  'murmurhash3js-revisited': /^keys\/murmur3\.ts$/,
}
const singlePlaces = ['piscina', 'pino', 'murmurhash3js-revisited']

/** What breaks the order of the rooms, one line each. */
export function roomViolations(imports: readonly Import[]): readonly string[] {
  return [...imports.flatMap(orderViolation), ...imports.flatMap(placeViolation), ...scatteredPackages(imports)]
}

function orderViolation({ file, line, specifier }: Import): readonly string[] {
  const room = roomOf(file)
  if (!specifier.startsWith('.') || forTestsOnly.test(file)) return []
  const imported = posix.join(posix.dirname(file), specifier)
  if (forTestsOnly.test(imported)) return [`${file}:${line} imports ${imported}: it is for tests only, and not packed`]
  // Files beside the rooms are the public doors, and what ties the rooms together.
  if (room === undefined || room === openRoom) return []
  const floor = floorOf(room)
  if (floor === undefined) return [`${file}: the room "${room}" has no floor`]
  const targetRoom = roomOf(imported)
  const where = `${file}:${line} imports ${imported}`
  if (targetRoom === undefined) return [`${where}: a room imports the file itself, not a door`]
  if (targetRoom === room) return []
  const targetFloor = floorOf(targetRoom)
  if (targetFloor === undefined) return [`${where}: no room may import from "${targetRoom}"`]
  if (targetFloor < floor) return []
  return [`${where}: "${room}" is on floor ${floor} and may not import from "${targetRoom}" on floor ${targetFloor}`]
}

function placeViolation({ file, line, specifier }: Import): readonly string[] {
  const name = packageOf(specifier)
  if (name === undefined || !Object.hasOwn(places, name) || roomOf(file) === openRoom) return []
  const place = places[name]
  if (place?.test(file)) return []
  const remedy = place === undefined ? 'it has no place in the runtime' : `its place is ${place.source}`
  return [`${file}:${line} imports ${specifier}: ${remedy}`]
}

function scatteredPackages(imports: readonly Import[]): readonly string[] {
  return singlePlaces.flatMap((name) => {
    const files = [...new Set(imports.filter(({ specifier }) => packageOf(specifier) === name).map(({ file }) => file))]
    return files.length > 1 ? [`${name} is imported by more than one file: ${files.join(', ')}`] : []
  })
}

/** What a connector may import beside its own files: the contract, Node, and what its package depends on. */
export function connectorViolations(imports: readonly Import[], dependencies: readonly string[]): readonly string[] {
  return imports.flatMap(({ file, line, specifier }) => {
    const where = `${file}:${line} imports ${specifier}`
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(file), specifier)
      return target.startsWith('..') ? [`${where}: it is outside of the package's sources`] : []
    }
    if (specifier.startsWith('node:')) return []
    if (/^@millrace\/runtime\/(connector|testing)$/.test(specifier)) return []
    const name = packageOf(specifier)
    if (name === '@millrace/runtime')
      return [`${where}: a connector sees @millrace/runtime/connector and /testing only`]
    return dependencies.includes(name ?? '') ? [] : [`${where}: the package does not depend on it`]
  })
}

function roomOf(file: string): string | undefined {
  const slash = file.indexOf('/')
  return slash === -1 ? undefined : file.slice(0, slash)
}

/** Counted from 1. */
function floorOf(room: string): number | undefined {
  const index = floors.findIndex((rooms) => rooms.includes(room))
  return index === -1 ? undefined : index + 1
}

/** `@scope/name` of `@scope/name/door`; undefined for files and for Node's own modules. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

/** What breaks the order of the Kafka connector's rooms. Files beside them are the door, and settings that rooms share. */
export function kafkaViolations(imports: readonly Import[]): readonly string[] {
  return imports.flatMap(({ file, line, specifier }) => {
    if (!specifier.startsWith('.') || isTestOfKafka(file)) return []
    const imported = posix.join(posix.dirname(file), specifier)
    if (!imported.startsWith('kafka/')) return []
    const room = kafkaRoomOf(file)
    const target = kafkaRoomOf(imported)
    const where = `${file}:${line} imports ${imported}`
    if (target === 'testing') return [`${where}: it is for tests only, and not packed`]
    if (room === undefined || target === undefined || room === target) return []
    return kafkaFloorOf(target) < kafkaFloorOf(room) ? [] : [`${where}: "${room}" may not import from "${target}"`]
  })
}

function isTestOfKafka(file: string): boolean {
  return !file.startsWith('kafka/') || file.startsWith('kafka/testing/')
}

function kafkaRoomOf(file: string): string | undefined {
  const [, ...path] = file.split('/')
  const rooms = [...kafkaFloors.flat(), 'testing'].toSorted((a, b) => b.length - a.length)
  return rooms.find((room) => path.join('/').startsWith(`${room}/`))
}

function kafkaFloorOf(room: string): number {
  return kafkaFloors.findIndex((floor) => floor.includes(room))
}
