import { expect, test } from 'vitest'
import { trafficTable } from './traffic-table.ts'
import { TrafficTotals } from './traffic-totals.ts'

test('the table shows the latest counts, the busiest paths first, and nothing that a terminal obeys', () => {
  const totals = new TrafficTotals()
  totals.update({ path: '/a', statusClass: '2xx', requests: 1, bytes: 10 })
  totals.update({ path: '/\u001b[2J', statusClass: '4xx', requests: 5, bytes: 2_500 })
  totals.update({ path: '/a', statusClass: '2xx', requests: 1_234, bytes: 99_960_000 })
  totals.update({ path: '/a', statusClass: '5xx', requests: 2, bytes: 40 })
  totals.update({ path: '/seldom', statusClass: '2xx', requests: 1, bytes: 1 })
  expect(trafficTable(totals, 3, 2)).toEqual([
    '1,242 requests for 3 paths, 100.0 MB sent, 3 malformed lines',
    'requests      sent    2xx  3xx  4xx  5xx  path',
    '   1,236  100.0 MB  1,234    0    0    2  /a',
    '       5    2.5 kB      0    0    5    0  /\ufffd[2J',
  ])
})
