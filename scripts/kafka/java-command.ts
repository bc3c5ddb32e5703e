import type { KafkaInstallation } from './kafka-installation.ts'

/** One of Kafka's programs, with what it needs to see. */
export interface JavaProgram {
  readonly mainClass: string
  readonly args: readonly string[]
  readonly jvmArguments?: readonly string[]
  /** Directories that it reads or writes, by the same path wherever it runs. */
  readonly directories: readonly string[]
  /** Of the container, if Docker runs it. */
  readonly container?: string
}

/** A command and its arguments. */
export interface Command {
  readonly command: string
  readonly args: readonly string[]
}

/** No line of the machine's own on a tool's output: an archive of classes that does not fit is no news. */
const quiet = ['-Xlog:disable', '-Xlog:all=error:stderr', '-XX:+UseSerialGC']

/** The command that runs a program of Kafka's with this installation. */
export function javaCommand(installation: KafkaInstallation, program: JavaProgram): Command {
  const jvm = [...quiet, ...(program.jvmArguments ?? [])]
  switch (installation.kind) {
    case 'jars': {
      const path = ['-cp', installation.classPath]
      return { command: installation.java, args: [...jvm, ...path, program.mainClass, ...program.args] }
    }
    case 'docker': {
      const args = [...jvm, '-cp', '/opt/kafka/libs/*', program.mainClass, ...program.args]
      return inContainer(installation.image, 'java', args, program.directories, program.container)
    }
  }
}

/** The command that runs Java's tool for keys and certificates. */
export function keytoolCommand(
  installation: KafkaInstallation,
  args: readonly string[],
  directories: readonly string[],
): Command {
  switch (installation.kind) {
    case 'jars':
      return { command: installation.keytool, args }
    case 'docker':
      return inContainer(installation.image, 'keytool', args, directories)
  }
}

/** With the host's network, paths and user, a container takes the same configuration as a process. */
function inContainer(
  image: string,
  entrypoint: string,
  args: readonly string[],
  directories: readonly string[],
  container?: string,
): Command {
  const user = process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid?.() ?? 0}`]
  const name = container === undefined ? [] : ['--name', container]
  const volumes = directories.flatMap((directory) => ['--volume', `${directory}:${directory}`])
  const options = ['run', '--rm', '--interactive', '--network', 'host', ...user, ...name, ...volumes]
  return { command: 'docker', args: [...options, '--entrypoint', entrypoint, image, ...args] }
}
