export { type SocketSplit, SocketTextSource, type SocketTextSourceOptions } from './socket-text-source.ts'
