import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

test('A queue gives back what was put in, oldest first, whatever the turns', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -200, max: 200 }), { maxLength: 40 }), (moves) => {
      const queue = new Fifo<number>()
      const model: number[] = []
      let next = 0
      for (const move of moves) {
        for (let n = 0; n < Math.abs(move); n++) {
          if (move > 0) {
            queue.put(next)
            model.push(next++)
          } else expect(queue.take()).toBe(model.shift())
        }
        expect(queue.length).toBe(model.length)
      }
      queue.clear()
      expect([queue.length, queue.take()]).toEqual([0, undefined])
    }),
  )
})
