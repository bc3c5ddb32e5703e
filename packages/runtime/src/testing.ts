export type { JobOptions } from './api/build-job.ts'
export { type PlannedJob, planJob } from './api/plan-job.ts'
export { SystemClock } from './base/clock.ts'
export { SeededRandom } from './base/random.ts'
export {
  RecordedMetrics,
  silentLogger,
  type TestSinkOptions,
  testJobInfo,
  testSinkWriterContext,
  testTaskInfo,
} from './testing/connector-contexts.ts'
export { runInSimulation, type SimulationOptions, type SimulationResult } from './testing/run-in-simulation.ts'
export { SimulatedClock } from './testing/simulated-clock.ts'
export {
  type ReadSourceOptions,
  type ReadSourceResult,
  readSource,
  type SourceSnapshot,
} from './testing/source-harness.ts'
export {
  type FailingAttempt,
  readSourceThroughFailures,
  type SourceRestoreOptions,
} from './testing/source-restores.ts'
