export { SocketTextSource, type SocketTextSourceOptions } from './socket-text-source.ts'
