import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bufferTimeoutMs } from './buffer-timeout.ts'
import { Configuration, type ConfigurationEntries } from './configuration.ts'
import { ConfigurationError } from './configuration-error.ts'
import type { ConfigurationOption } from './configuration-option.ts'
import { ConfigurationOptions } from './configuration-options.ts'
import { networkMemoryBytes } from './network-memory.ts'

const { PARALLELISM, SEGMENT_SIZE, BUFFER_TIMEOUT_INTERVAL, OPERATOR_CHAINING, TASK_SLOTS } = ConfigurationOptions

describe('Configuration', () => {
  test('has the defaults of the table until something is set', () => {
    expect(Configuration.empty.get(PARALLELISM)).toBe(1)
    expect(Configuration.empty.get(SEGMENT_SIZE)).toBe(32_768)
    expect(Configuration.empty.get(TASK_SLOTS)).toBeUndefined()
    expect(Configuration.empty.isSet(PARALLELISM)).toBe(false)
    expect(Configuration.empty.entries()).toEqual({})
  })

  test('reads Flink-like values by the type of their option', () => {
    const configuration = Configuration.empty.with(
      {
        'parallelism.default': 4,
        'taskmanager.memory.segment-size': '64 kb',
        'execution.buffer-timeout.interval': '1 s',
      },
      'file',
    )
    expect(configuration.get(PARALLELISM)).toBe(4)
    expect(configuration.get(SEGMENT_SIZE)).toBe(65_536)
    expect(configuration.get(BUFFER_TIMEOUT_INTERVAL)).toBe(1_000)
    expect(configuration.warnings).toEqual([])
  })

  test('lets the stronger layer win, whatever the order of the calls', () => {
    const set = (layers: readonly ('file' | 'code' | 'command line')[]) =>
      layers.reduce(
        (configuration, layer, index) => configuration.with({ 'parallelism.default': index + 2 }, layer),
        Configuration.empty,
      )
    expect(set(['file', 'code', 'command line']).get(PARALLELISM)).toBe(4)
    expect(set(['command line', 'code', 'file']).get(PARALLELISM)).toBe(2)
    expect(set(['file', 'command line', 'code']).get(PARALLELISM)).toBe(3)
    expect(set(['code', 'code']).get(PARALLELISM)).toBe(3)
  })

  test('reads what Flink knew under older names, and other names of the same choice', () => {
    const read = Configuration.empty.with(
      {
        'state.checkpoints.dir': 'file:///checkpoints',
        'state.savepoints.dir': './savepoints',
        'state.backend': 'HashMap',
        'restart-strategy': 'disable',
        'execution.checkpointing.interval': 0,
      },
      'file',
    )
    expect(read.entries()).toEqual({
      'execution.checkpointing.dir': 'file:///checkpoints',
      'execution.checkpointing.savepoint-dir': './savepoints',
      'state.backend.type': 'hashmap',
      'restart-strategy.type': 'none',
      'execution.checkpointing.interval': '0 ms',
    })
    expect(read.warnings.map((warning) => warning.key)).toEqual([
      'state.checkpoints.dir',
      'state.savepoints.dir',
      'state.backend',
      'restart-strategy',
    ])
  })

  test('keeps in a worker what the coordinator read, although the job configures itself again there', () => {
    const coordinator = Configuration.empty
      .with({ 'parallelism.default': 8 }, 'command line')
      .with({ 'parallelism.default': 2, 'pipeline.name': 'a' }, 'code')
    const worker = Configuration.fromEntries(coordinator.entries())
    const rebuilt = worker.with({ 'parallelism.default': 2, 'pipeline.name': 'a' }, 'code')
    expect(rebuilt.entries()).toEqual({ 'parallelism.default': '8', 'pipeline.name': 'a' })
  })

  test('can travel by layer, so that env.configure takes its place between them in every thread', () => {
    const before = Configuration.empty
      .with({ 'parallelism.default': 2, 'pipeline.name': 'from the file' }, 'file')
      .with({ 'parallelism.default': 8 }, 'command line')
    expect(before.layers()).toEqual({
      file: { 'pipeline.name': 'from the file' },
      'command line': { 'parallelism.default': '8' },
    })
    const worker = Configuration.fromLayers(before.layers())
    expect(worker.layers()).toEqual(before.layers())
    const built = worker.with({ 'parallelism.default': 3, 'pipeline.name': 'from the code' }, 'code')
    expect(built.entries()).toEqual({ 'parallelism.default': '8', 'pipeline.name': 'from the code' })
  })

  test('reads old names with a warning, and prefers the current name in the same layer', () => {
    const configuration = Configuration.empty.with(
      {
        'pipeline.operator-chaining': false,
        'execution.buffer-timeout.interval': '5 ms',
        'execution.buffer-timeout': '9 ms',
      },
      'file',
    )
    expect(configuration.get(OPERATOR_CHAINING)).toBe(false)
    expect(configuration.get(BUFFER_TIMEOUT_INTERVAL)).toBe(5)
    expect(configuration.warnings.map((warning) => warning.message)).toEqual([
      'pipeline.operator-chaining (millrace.yaml) is an old name: use pipeline.operator-chaining.enabled',
      'execution.buffer-timeout (millrace.yaml) is an old name: use execution.buffer-timeout.interval',
    ])
    const stronger = configuration.with({ 'execution.buffer-timeout': '9 ms' }, 'command line')
    expect(stronger.get(BUFFER_TIMEOUT_INTERVAL)).toBe(9)
  })

  test.each([
    ['taskmanager.memory.process.size', '4g', 'it divides the memory of a JVM'],
    ['env.java.opts.all', '-Xmx1g', 'it belongs to a JVM'],
    ['state.backend.rocksdb.block.cache-size', '8mb', 'no such state backend'],
    ['state.backend.incremental', 'true', 'every checkpoint is a full one'],
    ['execution.checkpointing.unaligned.enabled', 'true', 'checkpoints are aligned'],
    ['state.checkpoint-storage', 'filesystem', 'if execution.checkpointing.dir is set'],
    ['execution.savepoint.path', '/tmp/savepoint', 'millrace run -s PATH'],
    ['jobmanager.execution.failover-strategy', 'region', 'restarts all'],
    ['rest.bind-address', '0.0.0.0', 'a job answers on loopback only'],
    ['high-availability.type', 'zookeeper', 'belongs to a cluster'],
    ['pipeline.object-reuse', 'false', 'object reuse is always on'],
    ['execution.runtime-mode', 'BATCH', 'streaming mode'],
  ])('says why %s has no effect', (key, value, reason) => {
    const configuration = Configuration.empty.with({ [key]: value }, 'command line')
    expect(configuration.entries()).toEqual({})
    expect(configuration.warnings).toEqual([{ key, message: expect.stringContaining(`${key} (-D) has no effect: `) }])
    expect(configuration.warnings[0]?.message).toContain(reason)
  })

  test.each([
    ['parallelism.defualt', 'parallelism.default'],
    ['taskmanager.numberOfTasksSlots', 'taskmanager.numberOfTaskSlots'],
    ['taskmanager.numberoftaskslots', 'taskmanager.numberOfTaskSlots'],
    ['taskmanager.memory.segmentsize', 'taskmanager.memory.segment-size'],
    ['taskmanager.memory.network.maxx', 'taskmanager.memory.network.max'],
    ['segment-size', 'taskmanager.memory.segment-size'],
    ['pipeline.maxparallelism', 'pipeline.max-parallelism'],
    ['parallelism', 'parallelism.default'],
  ])('refuses the unknown option %s and names %s', (key, nearest) => {
    expect(failure({ [key]: '1' })).toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: `Unknown option ${key} (-D): did you mean ${nearest}?`,
      facts: { key, nearest },
    })
  })

  test('refuses an option that resembles none, without a guess', () => {
    expect(failure({ 'zzz.qqq': '1' }).message).toBe(
      'Unknown option zzz.qqq (-D): see docs/configuration.md for all options',
    )
  })

  test.each([
    ['parallelism.default', '0', 'a whole number from 1 to 32768', '4'],
    ['parallelism.default', '-2', 'a whole number from 1 to 32768', '4'],
    ['parallelism.default', '2.5', 'a whole number from 1 to 32768', '4'],
    ['parallelism.default', '', 'a whole number from 1 to 32768', '4'],
    ['taskmanager.memory.segment-size', '1 byte', 'a memory size of at least 4 kb and at most 16 mb', '32 kb'],
    ['taskmanager.memory.network.min', '64 qb', 'a memory size, with a unit', '64 mb'],
    ['taskmanager.memory.network.fraction', '1.5', 'a number from 0 to 1', '0.1'],
    ['pipeline.operator-chaining.enabled', 'yes', 'true or false', 'true'],
    ['execution.buffer-timeout.interval', '5 parsecs', 'a duration with a unit', '100 ms'],
    ['pipeline.name', ' ', 'a text that is not empty', 'nightly-report'],
    ['execution.checkpointing.interval', '9 ms', 'a duration of at least 10 ms', '10 s'],
    ['execution.checkpointing.timeout', '25 d', 'a duration of at least 10 ms', '10 min'],
    ['execution.checkpointing.mode', 'exactly once', 'one of EXACTLY_ONCE, AT_LEAST_ONCE', 'EXACTLY_ONCE'],
    ['execution.checkpointing.dir', ' ', 'a path', './checkpoints'],
    ['execution.checkpointing.data-inline-threshold', '2 mb', 'a memory size and at most 1 mb', '20 kb'],
    ['state.backend.type', 'rocksdb', 'hashmap, the only state backend that there is', 'hashmap'],
    [
      'restart-strategy.type',
      'always',
      'one of none, fixed-delay, failure-rate, exponential-delay',
      'exponential-delay',
    ],
    ['restart-strategy.exponential-delay.backoff-multiplier', '1', 'a number above 1', '1.5'],
  ])('refuses %s = "%s", saying what it expected', (key, value, expected, example) => {
    const error = failure({ [key]: value })
    expect(error.code).toBe('ILL_TYPED_VALUE')
    expect(error.message).toContain(`Cannot read the option ${key} from "${value}" (-D): expected ${expected}`)
    expect(error.message).toMatch(new RegExp(`for example ${key}: ${example}$`))
  })

  test('reads back, in another thread, what it was', () => {
    const anyEntry = fc.oneof(
      ...Object.values<ConfigurationOption<unknown>>(ConfigurationOptions).map((option) =>
        fc
          .constantFrom(
            option.type.example,
            ...(option.defaultValue === undefined || option.defaultValue === null
              ? []
              : [option.type.format(option.defaultValue)]),
          )
          .map((value): [string, string] => [option.key, value]),
      ),
    )
    fc.assert(
      fc.property(fc.array(anyEntry), (entries) => {
        const configuration = Configuration.empty.with(Object.fromEntries(entries), 'file')
        const copy = Configuration.fromEntries(configuration.entries())
        for (const option of Object.values<ConfigurationOption<unknown>>(ConfigurationOptions)) {
          expect(copy.get(option)).toEqual(configuration.get(option))
          expect(copy.isSet(option)).toBe(configuration.isSet(option))
        }
      }),
    )
  })
})

test('the buffer timeout is -1 where it is disabled, else the interval', () => {
  const timeout = (entries: ConfigurationEntries) => bufferTimeoutMs(Configuration.empty.with(entries, 'file'))
  expect(timeout({})).toBe(100)
  expect(timeout({ 'execution.buffer-timeout': 0 })).toBe(0)
  expect(timeout({ 'execution.buffer-timeout': -1 })).toBe(-1)
  expect(timeout({ 'execution.buffer-timeout': '-1 ms' })).toBe(-1)
  expect(timeout({ 'execution.buffer-timeout.enabled': false, 'execution.buffer-timeout.interval': '5 ms' })).toBe(-1)
})

test('the memory of all segments is a fraction of the machine, within its bounds', () => {
  const gigabyte = 2 ** 30
  const memory = (entries: ConfigurationEntries) =>
    networkMemoryBytes(Configuration.empty.with(entries, 'file'), gigabyte)
  expect(memory({})).toBe(Math.floor(gigabyte / 10))
  expect(memory({ 'taskmanager.memory.network.fraction': 0.01 })).toBe(64 * 2 ** 20)
  expect(memory({ 'taskmanager.memory.network.max': '10 mb' })).toBe(10 * 2 ** 20)
  expect(() => memory({ 'taskmanager.memory.network.min': '2 mb', 'taskmanager.memory.network.max': '1 mb' })).toThrow(
    'taskmanager.memory.network.min is 2 mb, but taskmanager.memory.network.max is 1 mb',
  )
})

function failure(entries: ConfigurationEntries): ConfigurationError {
  try {
    Configuration.empty.with(entries, 'command line')
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error(`${JSON.stringify(entries)} was accepted`)
}
