import { FileSource } from '@millrace/connectors/file'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { CountingSink, LastSumsSink } from '../counting-sink.ts'
import { timedSource } from '../timed-source.ts'
import { benchJobArguments } from './job-arguments.ts'

interface WordCount {
  readonly word: string
  readonly count: number
}

/** W3: words of text files, counted. */
export default defineJob('W3', (env, args) => {
  const { input, checks } = benchJobArguments(args)
  env
    .fromSource(timedSource(FileSource.forTextLines(input)), WatermarkStrategy.noWatermarks(), 'Text')
    .flatMap<WordCount>((line, out) => {
      let from = 0
      while (from < line.length) {
        let to = line.indexOf(' ', from)
        if (to === -1) to = line.length
        if (to > from) out.collect({ word: line.slice(from, to), count: 1 })
        from = to + 1
      }
    })
    .keyBy(({ word }) => word)
    .sum('count')
    .uid('running-sum')
    .sinkTo(
      checks
        ? new LastSumsSink(
            ({ word }) => word,
            ({ count }) => count,
          )
        : new CountingSink(() => 1),
    )
})
