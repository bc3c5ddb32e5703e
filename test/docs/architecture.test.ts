// ARCHITECTURE.md and the test of imports speak of the same rooms, and of those that are there.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { floors, kafkaFloors } from '../architecture/rooms.ts'
import { repositoryRoot } from './public-doors.ts'

const text = readFileSync(join(repositoryRoot, 'ARCHITECTURE.md'), 'utf8')

test('The table of rooms has the folders of the runtime, on the floors that their imports are held to', () => {
  const rows = [...sectionOf('Rooms of `packages/runtime/src`').matchAll(/^\| (\d+|any) \| `([\w-]+)` \|/gm)].map(
    ([, floor, room]) => `${floor} ${room}`,
  )
  const folders = readdirSync(join(repositoryRoot, 'packages/runtime/src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${floorOf(name)} ${name}`)
  expect(rows.toSorted()).toEqual(folders.toSorted())
})

test('The rooms of the Kafka connector are on the floors that their imports are held to', () => {
  const section = sectionOf('Rooms of `packages/connectors/src/kafka`')
  const rows = [...section.matchAll(/^\| (\d+|any) \| (`[^|]+`) \|/gm)].map(([, floor, rooms]) => `${floor} ${rooms}`)
  expect(rows).toEqual([
    ...kafkaFloors.map((rooms, i) => `${i + 1} ${rooms.map((room) => `\`${room}\``).join(', ')}`),
    'any `testing`',
  ])
})

test('Rooms that are foreseen are named with their floors, until they are there', () => {
  const [, foreseen = ''] = text.split('## Shaped for, and not there yet')
  const named = [...foreseen.matchAll(/`([\w-]+)`[^`(]*\(floor (\d+)\)/g)].map(([, room, floor]) => `${floor} ${room}`)
  expect(named).toEqual(expect.arrayContaining(['5 time']))
  expect(named).toEqual(named.map((each) => `${floorOf(each.split(' ')[1]!)} ${each.split(' ')[1]}`))
})

/** `testing` may import every room, and has none. */
function floorOf(room: string): string {
  if (room === 'testing') return 'any'
  return String(floors.findIndex((rooms) => rooms.includes(room)) + 1)
}

function sectionOf(title: string): string {
  return text.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? ''
}
