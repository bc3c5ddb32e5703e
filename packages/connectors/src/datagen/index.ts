export {
  type DataGeneratorLimits,
  type DataGeneratorOptions,
  DataGeneratorSource,
  type RecordAssignment,
} from './data-generator-source.ts'
export type { DataGeneratorSplit } from './data-generator-split.ts'
export {
  choice,
  type FieldGenerator,
  type FieldGenerators,
  sequence,
  string,
  type TimestampOptions,
  timestamp,
  uniformDouble,
  uniformInt,
} from './field-generators.ts'
export type { RecordRandom } from './record-random.ts'
