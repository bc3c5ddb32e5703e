import { SimulatedClock, silentLogger } from '@millrace/runtime/testing'
import type { KafkaFormat } from '../../kafka/formats/format.ts'
import type { FormatContext, FormatNotReady } from '../../kafka/formats/format-not-ready.ts'
import type { RecordPart } from '../../kafka/formats/record-part.ts'

/** Time stands still, so nothing times out on a busy machine. */
export function formatContext(context: Partial<FormatContext> = {}): FormatContext {
  return { clock: new SimulatedClock(), logger: silentLogger, signal: new AbortController().signal, ...context }
}

/** As sources and sinks call formats. */
export async function whenReady<R>(call: () => R, context: FormatContext = formatContext()): Promise<R> {
  for (;;) {
    try {
      return call()
    } catch (error) {
      // By its code: tests on the build have formats of the build, and this file of the sources.
      const { code, prepare } = error as Partial<FormatNotReady>
      if (code !== 'FORMAT_NOT_READY') throw error
      await prepare!(context)
    }
  }
}

export const valuesOf = (topic: string): RecordPart => ({ topic, isKey: false })

/** The bytes of a value of topic "t". */
export function written<T>(format: KafkaFormat<T>, value: T, part: RecordPart = valuesOf('t')): Promise<Buffer> {
  return whenReady(() => Buffer.from(format.serialize(value, part)))
}

export function read<T>(format: KafkaFormat<T>, bytes: Buffer): Promise<T | undefined> {
  return whenReady(() => format.deserialize(bytes))
}
