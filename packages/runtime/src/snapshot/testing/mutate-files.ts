import type { Random } from '../../base/random.ts'

type Files = Map<string, Uint8Array>

/** Damages one or two of the files, as disks, copies and people do. Answers what was done. */
export function mutateFiles(files: Files, random: Random): string {
  const names = [...files.keys()]
  const name = names[random.below(names.length)]!
  const other = names[random.below(names.length)]!
  const [what, change] = mutations[random.below(mutations.length)]!
  return `${what}: ${change(files, name, other, random)}`
}

type Change = (files: Files, name: string, other: string, random: Random) => string

const mutations: readonly (readonly [string, Change])[] = [
  ['flip bits', flipBits],
  ['truncate', truncate],
  ['lengthen', lengthen],
  ['cut out', cutOut],
  ['insert', insert],
  ['copy over', copyOver],
  ['swap ranges', swapRanges],
  ['zero out', zeroOut],
  ['enlarge a number', enlargeNumber],
  ['swap files', swapFiles],
  ['swap blocks', swapBlocks],
  ['remove', remove],
]

function flipBits(files: Files, name: string, _: string, random: Random): string {
  const bytes = copyOf(files, name)
  const count = 1 + random.below(8)
  for (let i = 0; i < count; i++) bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
  return put(files, name, bytes, `${count} of ${name}`)
}

function truncate(files: Files, name: string, _: string, random: Random): string {
  const bytes = copyOf(files, name)
  const length = random.below(bytes.length)
  return put(files, name, bytes.subarray(0, length), `${name} after ${length}`)
}

function lengthen(files: Files, name: string, _: string, random: Random): string {
  const more = Buffer.from(Array.from({ length: 1 + random.below(64) }, () => random.below(256)))
  return put(files, name, Buffer.concat([copyOf(files, name), more]), `${name} by ${more.length}`)
}

function cutOut(files: Files, name: string, _: string, random: Random): string {
  const bytes = copyOf(files, name)
  const [start, end] = range(bytes, random)
  return put(
    files,
    name,
    Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]),
    `${start} to ${end} of ${name}`,
  )
}

function insert(files: Files, name: string, other: string, random: Random): string {
  const bytes = copyOf(files, name)
  const source = copyOf(files, other)
  const [start, end] = range(source, random)
  const at = random.below(bytes.length + 1)
  const parts = [bytes.subarray(0, at), source.subarray(start, end), bytes.subarray(at)]
  return put(files, name, Buffer.concat(parts), `${start} to ${end} of ${other} at ${at} of ${name}`)
}

function copyOver(files: Files, name: string, other: string, random: Random): string {
  const bytes = copyOf(files, name)
  const source = copyOf(files, other)
  const [start, end] = range(source, random)
  const at = random.below(bytes.length)
  source.copy(bytes, at, start, end)
  return put(files, name, bytes, `${start} to ${end} of ${other} to ${at} of ${name}`)
}

function swapRanges(files: Files, name: string, _: string, random: Random): string {
  const bytes = copyOf(files, name)
  const length = 1 + random.below(Math.max(1, bytes.length >> 2))
  const a = random.below(bytes.length - length + 1)
  const b = random.below(bytes.length - length + 1)
  const kept = Buffer.from(bytes.subarray(a, a + length))
  bytes.copy(bytes, a, b, b + length)
  kept.copy(bytes, b)
  return put(files, name, bytes, `${length} at ${a} and ${b} of ${name}`)
}

function zeroOut(files: Files, name: string, _: string, random: Random): string {
  const bytes = copyOf(files, name)
  const [start, end] = range(bytes, random)
  return put(files, name, bytes.fill(0, start, end), `${start} to ${end} of ${name}`)
}

function enlargeNumber(files: Files, name: string, _: string, random: Random): string {
  const bytes = copyOf(files, name)
  const width = [1, 2, 4, 8][random.below(4)]!
  const at = random.below(bytes.length - width + 1)
  bytes.fill(0xff, at, at + width)
  if (random.below(2) === 0) bytes[at + (random.below(2) === 0 ? 0 : width - 1)] = 0x7f
  return put(files, name, bytes, `${width} bytes at ${at} of ${name}`)
}

function swapFiles(files: Files, name: string, other: string): string {
  const [a, b] = [copyOf(files, name), copyOf(files, other)]
  put(files, other, a, '')
  return put(files, name, b, `${name} and ${other}`)
}

function remove(files: Files, name: string): string {
  files.delete(name)
  return name
}

/** Two blocks with their headers, which may be of one length or not. */
function swapBlocks(files: Files, name: string, _: string, random: Random): string {
  const bytes = copyOf(files, name)
  const starts: number[] = []
  for (let at = bytes.indexOf('BLCK'); at !== -1; at = bytes.indexOf('BLCK', at + 1)) starts.push(at)
  if (starts.length < 2) return flipBits(files, name, name, random)
  const first = random.below(starts.length - 1)
  const second = first + 1 + random.below(starts.length - first - 1)
  const cuts = [
    0,
    starts[first]!,
    starts[first + 1]!,
    starts[second]!,
    starts[second + 1] ?? bytes.length,
    bytes.length,
  ]
  const [head, a, between, b, tail] = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end))
  return put(files, name, Buffer.concat([head!, b!, between!, a!, tail!]), `${first} and ${second} of ${name}`)
}

function copyOf(files: Files, name: string): Buffer {
  return Buffer.from(files.get(name)!)
}

function put(files: Files, name: string, bytes: Uint8Array, what: string): string {
  files.set(name, bytes)
  return what
}

function range(bytes: Uint8Array, random: Random): readonly [start: number, end: number] {
  const start = random.below(bytes.length)
  return [start, start + 1 + random.below(bytes.length - start)]
}
