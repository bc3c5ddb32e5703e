import { FileSink } from '@millrace/connectors/file'
import { jsonFormat, KafkaSource, type KafkaSourceSettingsOptions, stringFormat } from '@millrace/connectors/kafka'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'

/** What tests tell the job, beside the directory to write to. */
export interface SourceJobOptions {
  readonly source: KafkaSourceSettingsOptions
  /** Default `text`. */
  readonly format?: 'text' | 'json'
}

/** Writes what it reads into files, each record once, as soon as a checkpoint has it. */
export default defineJob('source-to-files', (env, args) => {
  const [directory = '', text = ''] = args
  const { source, format = 'text' } = JSON.parse(text) as SourceJobOptions
  const valueOnlyDeserializer = format === 'json' ? jsonFormat<unknown>() : stringFormat()
  env
    .fromSource(
      new KafkaSource<unknown>({ ...source, valueOnlyDeserializer }),
      WatermarkStrategy.noWatermarks(),
      'Records',
    )
    .uid('records')
    .rebalance()
    .sinkTo(FileSink.forRows<unknown>(directory))
    .uid('files')
})
