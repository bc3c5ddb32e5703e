import { createHash } from 'node:crypto'
import { Packr } from 'msgpackr/pack'
import { expect, test } from 'vitest'
import { decodeMetadata, encodeMetadata } from './metadata-codec.ts'
import type { SnapshotMetadata } from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'

const metadata: SnapshotMetadata = {
  kind: 'checkpoint',
  checkpointId: 2 ** 40,
  timestampMs: 1_790_000_000_000,
  jobId: '0123456789abcdef'.repeat(2),
  jobName: '',
  operators: [
    {
      operatorId: 'f'.repeat(32),
      uid: '__proto__',
      name: 'constructor',
      parallelism: 2,
      maxParallelism: 32_768,
      coordinator: new Uint8Array(0),
      subtasks: [
        { isFinished: true, hasEndedInput: true, keyed: undefined, lists: [] },
        {
          isFinished: false,
          hasEndedInput: true,
          keyed: {
            location: { kind: 'file', path: 'data-1' },
            states: [
              {
                name: 's',
                kind: 'aggregating',
                type: { kind: 'row', fields: [{ name: 'constructor', type: { kind: 'int' }, optional: true }] },
                mapKeyType: undefined,
                isDeclared: true,
                hasTtl: false,
              },
            ],
            keyGroups: [
              { keyGroup: 16_384, keyCounts: [5], offset: 2 ** 33, length: 2 ** 32, checksum: 2 ** 32 - 1 },
              { keyGroup: 32_767, keyCounts: [0], offset: 2 ** 34, length: 0, checksum: 0 },
            ],
          },
          lists: [
            {
              name: 'l',
              mode: 'union',
              type: { kind: 'generic' },
              isDeclared: false,
              location: { kind: 'inline', bytes: Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 7) },
              block: { offset: 0, length: 9, checksum: 77 },
              itemCount: 1,
            },
          ],
        },
      ],
    },
  ],
}

/** A file whose checksum is right around a body that may not be. */
function fileOf(body: Uint8Array, version = 1): Uint8Array {
  const header = Buffer.alloc(16)
  header.write('MILLMETA')
  header.writeUInt32LE(version, 8)
  header.writeUInt32LE(body.length, 12)
  return Buffer.concat([header, createHash('sha256').update(header.subarray(8)).update(body).digest(), body])
}

function refusal(bytes: Uint8Array): { readonly code: string; readonly message: string } {
  try {
    decodeMetadata(bytes, '/s/_metadata')
  } catch (error) {
    if (error instanceof SnapshotError) return { code: error.code, message: error.message }
    throw error
  }
  return expect.fail('it was taken')
}

test('metadata is decoded as it was encoded, with large numbers, odd names and empty parts', () => {
  expect(decodeMetadata(encodeMetadata(metadata), '_metadata')).toEqual(metadata)
})

test('fields that this version does not know are ignored', () => {
  const body = new Packr({ useRecords: false }).pack({ ...metadata, operators: [], addedLater: [1, { a: 2 }] })
  expect(decodeMetadata(fileOf(body), '_metadata')).toEqual({ ...metadata, operators: [] })
})

test('decoded inline bytes hold no reference to the file', () => {
  const { location } = decodeMetadata(encodeMetadata(metadata), '_metadata').operators[0]!.subtasks[1]!.lists[0]!
  expect(location.kind === 'inline' && location.bytes.buffer.byteLength).toBe(9)
})

test.each([
  ['', 'SNAPSHOT_CORRUPT', 'its header at offset 0 is damaged: it is cut off after 0 bytes'],
  ['MILLME', 'SNAPSHOT_CORRUPT', 'its header at offset 0 is damaged: it is cut off after 6 bytes'],
  ['PK\u0003\u0004 something else', 'SNAPSHOT_FOREIGN', 'it is not the metadata of a snapshot of Millrace'],
])('%j is no metadata', (text, code, what) => {
  const found = refusal(Buffer.from(text))
  expect(found.code).toBe(code)
  expect(found.message).toContain(`Cannot read the snapshot`)
  expect(found.message).toContain(what)
})

test('a newer version, a cut, bytes too many and flipped bits are told apart', () => {
  const bytes = encodeMetadata(metadata)
  const flipped = Buffer.from(bytes)
  flipped[60]! ^= 4
  const refusals = [fileOf(Uint8Array.of(0xc0), 2), bytes.subarray(0, 100), Buffer.concat([bytes, bytes]), flipped]
  expect(refusals.map((file) => refusal(file).message.replace(/^.*?_metadata: /, ''))).toEqual([
    'its format has version 2, and this Millrace reads version 1. Use a snapshot that this version of Millrace has written, or a newer Millrace.',
    `its body at offset 48 is damaged: it should have ${bytes.length - 48} bytes, and has 52. Use another snapshot, or a copy of this one.`,
    `its body at offset 48 is damaged: it should have ${bytes.length - 48} bytes, and has ${bytes.length * 2 - 48}. Use another snapshot, or a copy of this one.`,
    'its body at offset 48 is damaged: its digest differs. Use another snapshot, or a copy of this one.',
  ])
})

const hostile: readonly (readonly [string, readonly number[], string])[] = [
  ['an array longer than the file', [0xdd, 0xff, 0xff, 0xff, 0xff], '4294967295 bytes wanted, 0 left'],
  ['a map larger than the file', [0xdf, 0x7f, 0xff, 0xff, 0xff, 0xa1], '4294967294 bytes wanted, 1 left'],
  ['bytes beyond the file', [0xc6, 0xff, 0xff, 0xff, 0xff, 0], '4294967295 bytes wanted, 1 left'],
  ['an extension', [0xd4, 0x72, 0x40], 'a value of the type 0xd4, which has no place here'],
  [
    'the key __proto__',
    [0x81, 0xa9, ...Buffer.from('__proto__'), 0x80],
    'the key "__proto__", which has no place here',
  ],
  [
    'the key constructor',
    [0x81, 0xab, ...Buffer.from('constructor'), 1],
    'the key "constructor", which has no place here',
  ],
  ['a number as a key', [0x81, 1, 2], 'a key that is no text'],
  ['endless nesting', new Array<number>(100).fill(0x91), 'more than 32 levels'],
  ['two values', [0xc0, 0xc0], '1 bytes are left over'],
  ['nothing', [], '1 bytes wanted, 0 left'],
  ['no map', [0xc0], 'it is null, expected a map'],
  ['an empty map', [0x80], 'operators is undefined, expected an array of 0 to 100000 elements'],
]
test.each(hostile)('a body with %s is refused before anything is made of it', (_, body, what) => {
  expect(refusal(fileOf(Uint8Array.from(body)))).toEqual({
    code: 'SNAPSHOT_CORRUPT',
    message: expect.stringContaining(what),
  })
})

test('each field is checked, and the error names it', () => {
  const change = (path: string, value: unknown): string => {
    const encoded = new Packr({ useRecords: false }).unpack(encodeMetadata(metadata).subarray(48)) as unknown
    const steps = path.split('.')
    let at = encoded as Record<string, unknown>
    for (const step of steps.slice(0, -1)) at = at[step] as Record<string, unknown>
    at[steps.at(-1)!] = value
    return refusal(fileOf(new Packr({ useRecords: false }).pack(encoded)))
      .message.replace(/^.*is damaged: /, '')
      .split('. Use ')[0]!
  }
  const subtask = 'operators.0.subtasks.1'
  expect([
    change('kind', 'backup'),
    change('checkpointId', -1),
    change('timestampMs', 1.5),
    change('jobId', 'x'),
    change('operators.0.parallelism', 3),
    change('operators.0.maxParallelism', 32_769),
    change('operators.0.uid', 7),
    change(`${subtask}.keyed.location`, { path: '../../etc/passwd' }),
    change(`${subtask}.keyed.location`, { path: '/etc/passwd' }),
    change(`${subtask}.keyed.location`, { path: '..' }),
    change(`${subtask}.keyed.states.0.type`, '{"kind":"code"}'),
    change(`${subtask}.keyed.keyGroups.0`, [16_384, 48, 1, 0]),
    change(`${subtask}.keyed.keyGroups.0`, [0, 48, 1, 0, 1]),
    change(`${subtask}.keyed.keyGroups.1`, [16_384, 48, 1, 0, 1]),
    change(`${subtask}.keyed.keyGroups.0`, [16_384, 8, 1, 0, 1]),
    change(`${subtask}.keyed.keyGroups.1`, [32_767, 2 ** 33, 1, 0, 1]),
    change(`${subtask}.lists.0.length`, 10),
    change(`${subtask}.lists.0.itemCount`, 2),
    change(`${subtask}.lists.0.mode`, 'some'),
    change(`${subtask}.isFinished`, 0),
  ]).toEqual([
    'kind is "backup", expected one of checkpoint, savepoint',
    'checkpointId is -1, expected an integer from 0 to 9007199254740991',
    'timestampMs is 1.5, expected an integer from 0 to 9007199254740991',
    'jobId is "x", expected a text like ^[0-9a-f]{32}$',
    'operators[0].subtasks is an array of 2 elements, expected an array of 3 elements',
    'operators[0].maxParallelism is 32769, expected an integer from 1 to 32768',
    'operators[0].uid is 7, expected a text',
    'operators[0].subtasks[1].keyed.location.path is "../../etc/passwd", expected a text like ^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$',
    'operators[0].subtasks[1].keyed.location.path is "/etc/passwd", expected a text like ^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$',
    'operators[0].subtasks[1].keyed.location.path is "..", expected a text like ^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$',
    'operators[0].subtasks[1].keyed.states[0].type is "{\\"kind\\":\\"code\\"}", expected the description of a type',
    'operators[0].subtasks[1].keyed.keyGroups[0] is an array of 4 elements, expected 5 numbers',
    'operators[0].subtasks[1].keyed.keyGroups[0] is key group 0, expected one of 16384 to 32767',
    'operators[0].subtasks[1].keyed.keyGroups[1] is key group 16384, expected one of 16385 to 32767',
    'operators[0].subtasks[1].keyed.keyGroups[0] starts at 8, where something else is: expected 48 or more',
    'operators[0].subtasks[1].keyed.keyGroups[1] starts at 8589934592, where something else is: expected 12884901888 or more',
    'operators[0].subtasks[1].lists[0].offset ends at 10, expected 9 or less',
    'operators[0].subtasks[1].lists[0].itemCount is 2, expected an integer from 0 to 1',
    'operators[0].subtasks[1].lists[0].mode is "some", expected one of split, union, broadcast',
    'operators[0].subtasks[1].isFinished is 0, expected true or false',
  ])
})
