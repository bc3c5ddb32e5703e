import { assert } from '../base/assert.ts'

/** Where one channel of a producer subtask leads. */
export interface ChannelTarget {
  readonly consumerIndex: number
  /** The channel's position in the gate of that consumer subtask. */
  readonly channelIndex: number
}

/** Who reaches whom along one job edge. */
export interface ChannelWiring {
  /** By producer subtask: its channels, in the order in which partitioners count them. */
  readonly outputs: readonly (readonly ChannelTarget[])[]
  /** By consumer subtask: the producer subtask behind each channel of its gate. Ascending. */
  readonly inputs: readonly (readonly number[])[]
}

/**
 * The channels of a job edge, as Flink lays them. ALL_TO_ALL joins each pair of subtasks. POINTWISE joins
 * neighbours and spreads them evenly: with fewer consumers each producer has one channel, with more (or as many)
 * each consumer has one.
 */
export function wireChannels(
  distribution: 'POINTWISE' | 'ALL_TO_ALL',
  producerParallelism: number,
  consumerParallelism: number,
): ChannelWiring {
  assert(producerParallelism >= 1 && consumerParallelism >= 1, () => 'An edge joins at least one subtask on each side')
  const inputs =
    distribution === 'ALL_TO_ALL'
      ? Array.from({ length: consumerParallelism }, () => range(0, producerParallelism))
      : producerParallelism >= consumerParallelism
        ? gathered(producerParallelism, consumerParallelism)
        : spread(producerParallelism, consumerParallelism)
  return { outputs: outputsOf(inputs, producerParallelism), inputs }
}

/** Each consumer takes an even share of the producers. */
function gathered(producers: number, consumers: number): number[][] {
  return Array.from({ length: consumers }, (_, consumer) =>
    range(Math.floor((consumer * producers) / consumers), Math.floor(((consumer + 1) * producers) / consumers)),
  )
}

/** Each producer serves an even share of the consumers. */
function spread(producers: number, consumers: number): number[][] {
  const inputs: number[][] = []
  for (let producer = 0; producer < producers; producer++) {
    const end = Math.ceil(((producer + 1) * consumers) / producers)
    while (inputs.length < end) inputs.push([producer])
  }
  return inputs
}

/**
 * Turns the inputs around. Flink numbers a producer's channels by `consumer index % channel count`, which is a
 * rotation of the consumers' order; so do we, because RESCALE starts at channel 0.
 */
function outputsOf(inputs: readonly (readonly number[])[], producers: number): ChannelTarget[][] {
  const ascending: ChannelTarget[][] = Array.from({ length: producers }, () => [])
  inputs.forEach((channels, consumerIndex) => {
    channels.forEach((producer, channelIndex) => {
      ascending[producer]!.push({ consumerIndex, channelIndex })
    })
  })
  return ascending.map((targets) => {
    const outputs: ChannelTarget[] = new Array(targets.length)
    for (const target of targets) outputs[target.consumerIndex % targets.length] = target
    return outputs
  })
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, offset) => start + offset)
}
