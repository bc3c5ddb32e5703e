/** Microseconds of a clock that all threads of the machine share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}
