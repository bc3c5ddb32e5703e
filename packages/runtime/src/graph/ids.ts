import type { Brand } from '../base/brand.ts'

/** 32 hex digits. From a `uid` as Flink derives it, else from the operator's position in the graph. */
export type OperatorId = Brand<string, 'OperatorId'>

/** 32 hex digits: the operator id of the chain's head. */
export type JobVertexId = Brand<string, 'JobVertexId'>
