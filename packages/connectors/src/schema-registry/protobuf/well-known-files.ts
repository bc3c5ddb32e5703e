import protobuf from 'protobufjs'

/** What a registry knows by itself, beside Google's. */
const confluentDecimal = `syntax = "proto3";
package confluent.type;
message Decimal {
  bytes value = 1;
  uint32 precision = 2;
  int32 scale = 3;
}`

/** Only options of fields and files, which reading and writing do without. */
const withoutRecords = new Set(['google/protobuf/descriptor.proto', 'confluent/meta.proto'])

/** A file that may be imported without a reference, as text or as the package has it. */
export function wellKnownFile(path: string): string | Readonly<Record<string, protobuf.AnyNestedObject>> | undefined {
  if (path === 'confluent/type/decimal.proto') return confluentDecimal
  if (withoutRecords.has(path)) return {}
  return protobuf.common.get(path)?.nested
}
