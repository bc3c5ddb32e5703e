/** The seam for what is known of the processes of this machine. */
export interface ProcessTable {
  /** The name of this machine: what another one says of its processes means nothing here. */
  readonly host: string
  /** This process. */
  readonly pid: number
  /** When this process started, in a form that is only ever compared; undefined if the system does not tell. */
  readonly startedAt: string | undefined
  /**
   * Whether process `pid` lives, and is the one that started then: pids are used again. With `startedAt` undefined, or on
   * a system that does not tell, any process of that pid will do.
   */
  isAlive(pid: number, startedAt: string | undefined): boolean
}
