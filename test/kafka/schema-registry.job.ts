import { KafkaSink, KafkaSource } from '@millrace/connectors/kafka'
import { avroFormat, protobufFormat } from '@millrace/connectors/schema-registry'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'

interface Order {
  readonly id: number
  readonly customer: string
  readonly amount: string
}

interface Receipt {
  readonly orderId: number
  readonly amount: string
}

const readerSchema = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: 'string', default: 'nobody' },
    { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
  ],
}

const receiptSchema = `syntax = "proto3";
package shop;
message Receipt {
  int64 order_id = 1;
  string amount = 2;
}
`

/** Avro orders, by whatever schema they were written, become receipts in Protobuf with an Avro key, exactly once. */
export default defineJob(
  'receipts',
  (env, [bootstrapServers = '', registry = '', input = '', output = '', letters = '']) => {
    env.enableCheckpointing(500)
    const customer = avroFormat<string>({ registry, schema: 'string' })
    const orders = new KafkaSource({
      bootstrapServers,
      topics: input,
      bounded: 'latest',
      valueOnlyDeserializer: avroFormat<Order>({ registry, schema: readerSchema }),
      onDeserializationError: { deadLetter: letters },
    })
    const receipts = new KafkaSink<Order & Receipt>({
      bootstrapServers,
      deliveryGuarantee: 'exactly-once',
      transactionalIdPrefix: output,
      recordSerializer: {
        topic: output,
        key: { serialize: (receipt, part) => customer.serialize(receipt.customer, part) },
        value: {
          serialize: ({ orderId, amount }, part) => receipt.serialize({ orderId, amount }, part),
        },
      },
    })
    const receipt = protobufFormat<Receipt>({ registry, schema: receiptSchema })
    env
      .fromSource(orders, WatermarkStrategy.noWatermarks(), 'Orders')
      .uid('orders')
      .map((order) => ({ ...order, orderId: order.id }))
      .sinkTo(receipts)
      .uid('receipts')
  },
)
