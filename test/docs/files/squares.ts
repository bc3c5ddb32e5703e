import { defineJob } from '@millrace/runtime'

export default defineJob('squares', (env, [last = '10']) => {
  env
    .fromSequence(1, Number(last))
    .map((n) => n * n)
    .collect('squares')
})
