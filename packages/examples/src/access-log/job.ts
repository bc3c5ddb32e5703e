import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { FileSource } from '@millrace/connectors/file'
import { type DataStream, defineJob, type StreamExecutionEnvironment, WatermarkStrategy } from '@millrace/runtime'
import { LatestPerKey } from '../latest-per-key.ts'
import { AccessLogParser, malformedLines } from './access-log-parser.ts'
import { generateAccessLogLine } from './generate-access-log-line.ts'
import { type AccessLogInput, accessLogOptions } from './options.ts'
import { addTraffic, trafficKey, trafficOf } from './path-traffic.ts'
import { TrafficReport } from './traffic-report.ts'

/** How often the counting subtasks tell the report what has changed. */
const updateIntervalMs = 250

/**
 * Reads the access logs of web servers and counts requests and bytes by path and class of status: a table while it
 * runs, and at the end. Lines that are none of an access log are counted apart.
 */
export default defineJob('access-log', (env, args) => {
  const { input, topCount, refreshMs } = accessLogOptions(args)
  env.setParallelism(2)

  const entries = linesOf(env, input).process(new AccessLogParser()).name('Parse').uid('parse')

  const traffic = entries
    .map(trafficOf)
    .name('Traffic')
    .keyBy(trafficKey)
    .reduce(addTraffic)
    .name('Count by path and status')
    .uid('count-by-path-and-status')
    .process(new LatestPerKey(trafficKey, { intervalMs: updateIntervalMs }))
    .name('Latest')

  traffic
    .connect(entries.getSideOutput(malformedLines))
    .process(new TrafficReport({ topCount, refreshMs }))
    .name('Report')
    .uid('report')
    .setParallelism(1)
    .print()
    .setParallelism(1)
})

function linesOf(env: StreamExecutionEnvironment, input: AccessLogInput): DataStream<string> {
  const watermarks = WatermarkStrategy.noWatermarks<string>()
  if (input.kind === 'files') return env.fromSource(FileSource.forTextLines(input.paths), watermarks, 'Access log')
  const { lineCount, linesPerSecond } = input
  const generated = new DataGeneratorSource({
    generator: (index) => generateAccessLogLine(index),
    ...(lineCount !== undefined && { count: lineCount }),
    ...(linesPerSecond !== undefined && { recordsPerSecond: linesPerSecond }),
    assignment: 'interleaved',
  })
  return env.fromSource(generated, watermarks, 'Generated log')
}
