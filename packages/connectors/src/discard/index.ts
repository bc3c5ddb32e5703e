export { DiscardSink } from './discard-sink.ts'
