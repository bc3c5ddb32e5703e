/**
 * An evenly distributed integer in `0 .. bound - 1`, a function of its arguments alone: draw number `draw` for record
 * `index`. So generated records can be made again, in any order and by any subtask.
 */
export function randomBelow(bound: number, seed: number, index: number, draw: number): number {
  let h = Math.imul(seed, 0x9e3779b9) ^ index
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) ^ Math.imul(draw + 1, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  h ^= h >>> 16
  return Math.floor(((h >>> 0) / 4294967296) * bound)
}
