import { defineJob } from '@millrace/runtime'
import { below } from '../random-numbers.ts'
import { addRunningSum } from './running-sum.ts'

/** W2: a running sum by an integer key. */
export default defineJob('W2', (env, args) => addRunningSum(env, args, (i) => below(i, 1, 10_000)))
