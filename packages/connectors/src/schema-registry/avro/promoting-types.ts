import avsc from 'avsc'

interface Resolver {
  _read: (tap: object) => unknown
}

interface Reader {
  _read(tap: object): unknown
}

/** Reads longs of a writer as exactly as they can be, where the package takes those below -2^52 for positive. */
export class PromotingDouble extends avsc.types.DoubleType {
  _update(resolver: Resolver, writer: avsc.Type): void {
    if (!readsLong(resolver, writer)) update(avsc.types.DoubleType, this, resolver, writer)
  }
}

export class PromotingFloat extends avsc.types.FloatType {
  _update(resolver: Resolver, writer: avsc.Type): void {
    if (!readsLong(resolver, writer)) update(avsc.types.FloatType, this, resolver, writer)
  }
}

function readsLong(resolver: Resolver, writer: avsc.Type): boolean {
  if (writer.typeName !== 'abstract:long') return false
  resolver._read = (tap) => Number((writer as unknown as Reader)._read(tap))
  return true
}

/** What the type would do by itself: its typings do not tell of it. */
function update(type: unknown, self: avsc.Type, resolver: Resolver, writer: avsc.Type): void {
  const { prototype } = type as { readonly prototype: { _update(resolver: Resolver, writer: avsc.Type): void } }
  prototype._update.call(self, resolver, writer)
}
