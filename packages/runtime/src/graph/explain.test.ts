import { expect, test } from 'vitest'
import { Dataflow } from '../testing/dataflow.ts'
import { explainAsJson } from './explain-as-json.ts'
import { explainAsMermaid } from './explain-as-mermaid.ts'
import { explainAsText } from './explain-as-text.ts'

function orders() {
  const flow = new Dataflow({ jobName: 'orders', bufferTimeoutMs: -1 })
  const parsed = flow.map(flow.source('Orders', { parallelism: 2 }), 'Parse', { parallelism: 2, bufferTimeoutMs: 5 })
  const totals = flow.keyed(parsed, 'Sum "by" <user>', { uid: 'sum', maxParallelism: 720 })
  flow.sink(flow.map(totals, 'Format'), 'Print')
  flow.sink(totals, 'Store')
  flow.sink(flow.sideOutput(parsed, 'bad & #1'), 'Log', { parallelism: 1, slotSharingGroup: 'logs' })
  return flow.plan().jobGraph
}

test('explainAsText lists every vertex with its chain, and below it the edges that leave it', () => {
  const { vertices } = orders()
  expect(explainAsText(orders())).toBe(`Job "orders": 3 vertices, 7 operators, 7 subtasks in 5 slots

[0] Source: Orders
     +- Parse
     parallelism 2 (max 128 by default), id ${vertices[0]?.id}
     HASH from Parse to [1] Sum "by" <user>, buffer timeout 5 ms
     REBALANCE from Parse to [2] Log: Writer, side output "bad & #1", buffer timeout 5 ms

[1] Sum "by" <user>
     :- Format
     :  +- Print: Writer
     +- Store: Writer
     parallelism 4 (max 720), id ${vertices[1]?.id}

[2] Log: Writer
     parallelism 1 (max 128 by default), slot sharing group "logs", id ${vertices[2]?.id}
`)
})

test('explainAsText tells the inputs of an operator with two apart', () => {
  const flow = new Dataflow({ jobName: 'joined' })
  flow.connect(flow.source('a'), flow.source('b'), 'join')
  expect(explainAsText(flow.plan().jobGraph).split('\n')).toEqual(
    expect.arrayContaining([
      '     FORWARD to [2] join, input 1, buffer timeout 100 ms',
      '     FORWARD to [2] join, input 2, buffer timeout 100 ms',
    ]),
  )
})

test('explainAsJson answers what Flink answers for /jobs/:jobid/plan', () => {
  const { vertices } = orders()
  const fixed = { operator: '', operator_strategy: '', optimizer_properties: {} }
  expect(explainAsJson(orders())).toEqual({
    plan: {
      name: 'orders',
      type: 'STREAMING',
      nodes: [
        { ...fixed, id: vertices[0]?.id, parallelism: 2, description: 'Source: Orders<br/>+- Parse<br/>' },
        {
          ...fixed,
          id: vertices[1]?.id,
          parallelism: 4,
          description:
            'Sum &quot;by&quot; &lt;user&gt;<br/>:- Format<br/>:  +- Print: Writer<br/>+- Store: Writer<br/>',
          inputs: [{ id: vertices[0]?.id, num: 0, exchange: 'pipelined_bounded', ship_strategy: 'HASH' }],
        },
        {
          ...fixed,
          id: vertices[2]?.id,
          parallelism: 1,
          description: 'Log: Writer<br/>',
          inputs: [{ id: vertices[0]?.id, num: 0, exchange: 'pipelined_bounded', ship_strategy: 'REBALANCE' }],
        },
      ],
    },
  })
})

test('explainAsMermaid draws a flowchart with escaped labels, and frames for slot sharing groups', () => {
  expect(explainAsMermaid(orders())).toBe(`flowchart LR
  subgraph g0["slot sharing group default"]
    v0["Source: Orders -#62; Parse<br/>parallelism 2"]
    v1["Sum #34;by#34; #60;user#62; -#62; (Format -#62; Print: Writer, Store: Writer)<br/>parallelism 4"]
  end
  subgraph g1["slot sharing group logs"]
    v2["Log: Writer<br/>parallelism 1"]
  end
  v0 -->|"HASH"| v1
  v0 -->|"REBALANCE bad #38; #35;1"| v2
`)
})

test('explainAsMermaid needs no frames for one slot sharing group', () => {
  const flow = new Dataflow()
  flow.sink(flow.source('a\n`b`'), 's')
  expect(explainAsMermaid(flow.plan().jobGraph)).toBe(`flowchart LR
  v0["Source: a #96;b#96; -#62; s: Writer<br/>parallelism 4"]
`)
})
