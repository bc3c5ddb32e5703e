export { PrintSink, type PrintSinkOptions } from '@millrace/runtime/connector'
