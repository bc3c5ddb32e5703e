/** What was observed that no sound exchange does. */
export class ExchangeViolation extends Error {}

export function violate(what: string): never {
  throw new ExchangeViolation(what)
}
