import { parseArgs } from 'node:util'
import { FileSource } from '@millrace/connectors/file'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { LatestPerKey } from '../latest-per-key.ts'
import { TextFileSink } from '../text-file-sink.ts'
import { SortedCounts, type WordCount } from './sorted-counts.ts'
import { splitWords } from './split-words.ts'

const wordOf = ([word]: WordCount): string => word

/**
 * Counts the words of text files, and at the end prints (or writes) `count<TAB>word` lines in the order of words. For
 * text in UTF-8 it is what these print, with a tab for the blanks around the count:
 *
 *     LC_ALL=C tr -s '[:space:]' '\n' < FILE | sed '/^$/d' | LC_ALL=C sort | uniq -c
 */
export default defineJob('word-count', (env, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { input: { type: 'string', multiple: true }, output: { type: 'string' } },
  })
  if (values.input === undefined) throw new Error('word-count needs --input FILE')
  env.setParallelism(2)

  const counts = env
    .fromSource(FileSource.forTextLines(values.input), WatermarkStrategy.noWatermarks(), 'Text')
    .flatMap<WordCount>((line, out) => splitWords(line, (word) => out.collect([word, 1])))
    .name('Words')
    .keyBy(wordOf)
    .sum(1)
    .name('Count')
    .uid('count')
    .process(new LatestPerKey<WordCount>(wordOf))
    .name('Final count')

  const lines = counts.flatMap(new SortedCounts()).name('Sort').uid('sort').setParallelism(1)
  if (values.output === undefined) lines.print().setParallelism(1)
  else lines.sinkTo(new TextFileSink(values.output)).name('Text file').setParallelism(1)
})
