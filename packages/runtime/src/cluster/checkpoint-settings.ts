import { resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CheckpointingOptions } from '../configuration/checkpointing-options.ts'
import type { Configuration } from '../configuration/configuration.ts'
import { ConfigurationError } from '../configuration/configuration-error.ts'
import type { ConfigurationOption } from '../configuration/configuration-option.ts'
import type { CheckpointSettings } from './checkpoint-coordinator-parts.ts'

/**
 * What the configuration says of checkpoints.
 *
 * @param baseDirectory - absolute, where relative paths start: the directory of the job file.
 * @throws ConfigurationError if a directory is no path on this machine, or settings contradict each other.
 */
export function checkpointSettings(configuration: Configuration, baseDirectory: string): CheckpointSettings {
  const directory = directoryOf(CheckpointingOptions.CHECKPOINT_DIRECTORY)
  const retention = configuration.get(CheckpointingOptions.CHECKPOINT_RETENTION)
  if (retention !== 'NO_EXTERNALIZED_CHECKPOINTS' && directory === undefined) {
    const { key } = CheckpointingOptions.CHECKPOINT_RETENTION
    throw new ConfigurationError(
      'CONFLICTING_OPTIONS',
      `${key} is ${retention}, but there is no directory in which checkpoints could outlive the job: set ${CheckpointingOptions.CHECKPOINT_DIRECTORY.key}`,
      { key, value: retention },
    )
  }
  const intervalMs = configuration.get(CheckpointingOptions.CHECKPOINTING_INTERVAL)
  const minPauseMs = configuration.get(CheckpointingOptions.CHECKPOINTING_MIN_PAUSE)
  return {
    intervalMs: intervalMs === 0 ? undefined : intervalMs,
    minPauseMs,
    timeoutMs: configuration.get(CheckpointingOptions.CHECKPOINTING_TIMEOUT),
    // A pause between checkpoints means that they do not overlap. As in Flink.
    maxConcurrent: minPauseMs > 0 ? 1 : configuration.get(CheckpointingOptions.MAX_CONCURRENT_CHECKPOINTS),
    tolerableFailures: configuration.get(CheckpointingOptions.TOLERABLE_FAILED_CHECKPOINTS),
    mode: configuration.get(CheckpointingOptions.CHECKPOINTING_MODE),
    retention,
    retainedCount: configuration.get(CheckpointingOptions.RETAINED_CHECKPOINTS),
    directory,
    savepointDirectory: directoryOf(CheckpointingOptions.SAVEPOINT_DIRECTORY),
    inlineBytesMax: configuration.get(CheckpointingOptions.DATA_INLINE_THRESHOLD),
    afterTasksFinish: configuration.get(CheckpointingOptions.CHECKPOINTS_AFTER_TASKS_FINISH),
  }

  function directoryOf(option: ConfigurationOption<string | undefined>): string | undefined {
    const value = configuration.get(option)
    return value === undefined ? undefined : absoluteDirectory(value, option.key, baseDirectory)
  }
}

/**
 * The absolute path, with `/` between its parts, that `value` names: a path or a `file:` URL.
 *
 * @param key - of the setting, for the error.
 * @throws ConfigurationError if it is a URL of another kind.
 */
export function absoluteDirectory(value: string, key: string, baseDirectory: string): string {
  const path = /^file:/i.test(value) ? fromFileUrl(value, key) : value
  // One letter before a colon is a drive.
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(path)) {
    throw new ConfigurationError(
      'ILL_TYPED_VALUE',
      `Cannot read the option ${key} from "${value}": expected a path or a file: URL, for example ${key}: ./checkpoints`,
      { key, value },
    )
  }
  const absolute = resolve(baseDirectory, path)
  return sep === '/' ? absolute : absolute.replaceAll(sep, '/')
}

/** `file:///a`, `file:/a`, and, as people write it, `file:a`. */
function fromFileUrl(value: string, key: string): string {
  if (!/^file:\//i.test(value)) return value.slice('file:'.length)
  try {
    return fileURLToPath(value)
  } catch (error) {
    throw new ConfigurationError(
      'ILL_TYPED_VALUE',
      `Cannot read the option ${key} from "${value}": it is no file: URL of this machine, for example ${key}: file:///var/checkpoints`,
      { key, value },
      { cause: error },
    )
  }
}
