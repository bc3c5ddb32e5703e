import { BroadcastConnectedStream } from './broadcast-connected-stream.ts'
import { ConnectedStreams } from './connected-streams.ts'
import { DataStream } from './data-stream.ts'
import { DataStreamSink } from './data-stream-sink.ts'
import { KeyedStream } from './keyed-stream.ts'
import { SingleOutputStreamOperator } from './single-output-stream-operator.ts'
import type { StreamFactory } from './topology.ts'

/** The classes behind the API. */
export const streamFactory: StreamFactory = {
  dataStream: (topology, transformation) => new DataStream(topology, transformation),
  operator: (topology, transformation) => new SingleOutputStreamOperator(topology, transformation),
  keyedStream: (topology, transformation, keySelector) => new KeyedStream(topology, transformation, keySelector),
  broadcastConnectedStream: (stream, broadcast) => new BroadcastConnectedStream(stream, broadcast),
  connectedStreams: (topology, first, second) => new ConnectedStreams(topology, first, second),
  sink: (topology, transformation) => new DataStreamSink(topology, transformation),
}
