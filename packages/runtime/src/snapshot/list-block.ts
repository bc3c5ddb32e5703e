// The bytes of an operator state's block: how many items there are, how long each is, then the items back to back.

/** In chunks, so that large items are not copied. */
export function encodeListBlock(items: readonly Uint8Array[]): readonly Uint8Array[] {
  const index = Buffer.alloc(4 + items.length * 4)
  index.writeUInt32LE(items.length, 0)
  for (const [i, item] of items.entries()) index.writeUInt32LE(item.length, 4 + i * 4)
  return [index, ...items]
}

/**
 * The items at `first`, `first + step`, ...: views of `bytes`. Undefined if the block is not one of `itemCount` items.
 */
export function decodeListBlock(
  bytes: Uint8Array,
  itemCount: number,
  first: number,
  step: number,
): readonly Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const indexBytes = 4 + itemCount * 4
  if (indexBytes > bytes.length || view.getUint32(0, true) !== itemCount) return undefined
  const chosen: Uint8Array[] = []
  let at = indexBytes
  for (let i = 0; i < itemCount; i++) {
    const end = at + view.getUint32(4 + i * 4, true)
    if (end > bytes.length) return undefined
    if (i >= first && (i - first) % step === 0) chosen.push(bytes.subarray(at, end))
    at = end
  }
  return at === bytes.length ? chosen : undefined
}
