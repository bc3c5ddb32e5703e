/** A job that `npm start` can run. */
export interface Example {
  readonly name: string
  readonly summary: string
  /** The job's own arguments: how each is written, and what it does. */
  readonly options: readonly (readonly [form: string, meaning: string])[]
  readonly jobFile: URL
  /** Its job needs more around it: the demo brings that up, and the options are the demo's. */
  readonly isDemo?: boolean
}

/** The first one is run when none is named. */
export const examples: readonly [Example, ...Example[]] = [
  {
    name: 'access-log',
    summary: 'requests and bytes by path and status, from the access logs of web servers',
    options: [
      ['--input FILE', 'a log of nginx or Apache, a directory or a glob; may be repeated; else a log is generated'],
      ['--lines N', 'how many lines are generated (3000000)'],
      ['--rate N', 'how many a second (250000); 0: as fast as it goes'],
      ['--unbounded', 'generate lines until Ctrl-C'],
      ['--top N', 'how many paths the table shows (10)'],
      ['--refresh S', 'seconds between tables (2); 0: only at the end'],
    ],
    jobFile: new URL('./access-log/job.ts', import.meta.url),
  },
  {
    name: 'word-count',
    summary: 'how often each word occurs in text files',
    options: [
      ['--input FILE', 'a file, a directory or a glob; may be repeated'],
      ['--output FILE', 'where the lines go, count<TAB>word; else to stdout'],
    ],
    jobFile: new URL('./word-count/job.ts', import.meta.url),
  },
  {
    name: 'fraud-rules',
    summary: 'card payments held against rules that are broadcast to every subtask',
    options: [
      ['--transactions N', 'how many are generated (100000)'],
      ['--rate N', 'how many a second (20000)'],
    ],
    jobFile: new URL('./fraud-rules/job.ts', import.meta.url),
  },
  {
    name: 'running-totals',
    summary: 'running totals of orders by customer: state, timers and exactly-once files over a failure',
    options: [
      ['--input FILE', 'orders as lines of JSON: id, customer, amountCents; may be repeated; else they are generated'],
      ['--orders N', 'how many are generated (20000)'],
      ['--rate N', 'how many a second (4000)'],
      ['--output DIR', 'where files of totals appear, with each checkpoint (running-totals)'],
      ['--quiet S', 'seconds without an order until a customer is told of (2)'],
      ['--fail-at N', 'fail at order N, once: the job restarts from its newest checkpoint'],
    ],
    jobFile: new URL('./running-totals/job.ts', import.meta.url),
  },
  {
    name: 'kafka',
    summary: 'orders-by-customer until Ctrl-C, with a Kafka and orders around it; KAFKA_BROKERS=host:port uses yours',
    options: [['--rate N', 'how many orders a second (1000)']],
    jobFile: new URL('./orders-by-customer/job.ts', import.meta.url),
    isDemo: true,
  },
  {
    name: 'kafka-uppercase',
    summary: 'from topic to topic of a Kafka, in upper case',
    options: [
      ['--brokers HOST:PORT', 'where Kafka is; several with commas between (localhost:9092)'],
      ['--input TOPIC', 'lines of text (lines)'],
      ['--output TOPIC', 'where they go; both topics are there already (uppercase-lines)'],
      ['--group ID', 'whose committed offsets a run starts at (kafka-uppercase)'],
      ['--bounded', 'end where the topic ends now'],
    ],
    jobFile: new URL('./kafka-uppercase/job.ts', import.meta.url),
  },
  {
    name: 'orders-by-customer',
    summary: 'running totals of orders in JSON by customer, from topic to topic, each exactly once',
    options: [
      ['--brokers HOST:PORT', 'where Kafka is; several with commas between (localhost:9092)'],
      ['--input TOPIC', 'orders: id, customer, amountCents (orders)'],
      ['--output TOPIC', 'totals, keyed by customer; all topics are there already (order-totals)'],
      ['--group ID', 'to which offsets are told, and the prefix of transactional ids (orders-by-customer)'],
      ['--dead-letters TOPIC', 'where orders go that are none; else they fail the job'],
      ['--checkpoints DIR', 'where checkpoints are, from which --resume goes on (orders-by-customer)'],
      ['--bounded', 'end where the topic ends now'],
    ],
    jobFile: new URL('./orders-by-customer/job.ts', import.meta.url),
  },
  {
    name: 'cdc-orders',
    summary:
      'changes of orders as Debezium tells them, each once and in order, into a table of PostgreSQL; docs/guides/rescale-cdc-orders.md',
    options: [
      ['--brokers HOST:PORT', 'where Kafka is; several with commas between (localhost:9092)'],
      ['--input TOPIC', 'changes of a table of PostgreSQL (shop.public.orders)'],
      ['--group ID', 'to which offsets are told (cdc-orders)'],
      ['--database URL', 'postgres://user@host:port/database; else what PGHOST, PGDATABASE and so on say'],
      ['--table NAME', 'which is there already (order_report)'],
      ['--remember H', 'for how many hours after its last change an order is guarded from old ones (24)'],
      ['--checkpoints DIR', 'where checkpoints are, from which --resume goes on (cdc-orders)'],
      ['--bounded', 'end where the topic ends now'],
    ],
    jobFile: new URL('./cdc-orders/job.ts', import.meta.url),
  },
]
