export { SystemClock } from './base/clock.ts'
export { SeededRandom } from './base/random.ts'
export {
  RecordedMetrics,
  silentLogger,
  type TestSinkOptions,
  testSinkWriterContext,
  testTaskInfo,
} from './testing/connector-contexts.ts'
export { type ReadSourceOptions, type ReadSourceResult, readSource } from './testing/source-harness.ts'
