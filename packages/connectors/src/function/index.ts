export {
  FunctionSink,
  type FunctionSinkContext,
  type FunctionSinkOptions,
  type SinkFunction,
} from './function-sink.ts'
