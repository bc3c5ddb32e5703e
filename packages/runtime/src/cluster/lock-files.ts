/** The seam for the files that locks are made of. */
export interface LockFiles {
  /** Makes a new file with all of its text at once. Answers false if there is one already. */
  create(path: string, text: string): Promise<boolean>
  /** Undefined if there is no such file. */
  read(path: string): Promise<LockFile | undefined>
  /** Sets the time when the file was last modified. One that does not exist is no error. */
  touch(path: string, nowMs: number): Promise<void>
  /** What does not exist is no error. */
  remove(path: string): Promise<void>
}

export interface LockFile {
  readonly text: string
  readonly modifiedMs: number
}
