import { defineJob } from '@millrace/runtime'

/** Prints by every way there is, up to the very end of its threads. */
export default defineJob('printing', (env) => {
  const numbers = env.fromSequence(1, 2_000)
  numbers.print()
  numbers
    .map((n) => `labelled ${n}`)
    .setParallelism(1)
    .print('label')
    .setParallelism(1)
  numbers
    .flatMap<number>({
      flatMap: () => {},
      endInput: () => console.log('console at the end of input'),
      close: () => {
        console.log('console in close')
        process.stdout.write('stdout in close\n')
        console.error('error in close')
      },
    })
    .setParallelism(1)
    .print()
})
