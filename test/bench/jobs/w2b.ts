import { defineJob } from '@millrace/runtime'
import { below } from '../random-numbers.ts'
import { addRunningSum } from './running-sum.ts'

/** W2b: a running sum by one of a million strings. */
export default defineJob('W2b', (env, args) => addRunningSum(env, args, (i) => `user-${below(i, 1, 1_000_000)}`))
