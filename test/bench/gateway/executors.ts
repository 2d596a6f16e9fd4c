// What a nested query over four subgraphs costs the gateway, beside Apollo Server over the stock ApolloGateway in the same run: CPU time of the
// process per request, requests a second and latencies, with one client and with fifty, for requests that are all different and for equal ones, with equal
// fetches shared and not, and with equal operations shared. Linux only: each gateway is alone on the first core, subgraphs and clients are on the second.
//
//   node test/bench/gateway/executors.ts [--seconds 10] [--rounds 3]
import { parseArgs } from 'node:util'
import { warnWhenBusy } from '../figures.ts'
import { compareGateways } from './compare.ts'
import { startOurs, startStock, withCatalogue } from './processes.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, rounds: { type: 'string', default: '3' } },
})

await warnWhenBusy()
await withCatalogue(({ supergraph, fetchCount }) =>
  compareGateways({
    gateways: {
      stock: () => startStock(supergraph),
      'ours, not sharing': () => startOurs(supergraph, { TRIBUTARY_GATEWAY_SHARE_FETCHES: 'false' }),
      'ours, sharing': () => startOurs(supergraph),
      'ours, sharing operations': () => startOurs(supergraph, { TRIBUTARY_GATEWAY_SHARE_OPERATIONS: 'true' }),
    },
    ratios: [
      ['ours, not sharing', 'stock'],
      ['ours, sharing', 'stock'],
      ['ours, sharing operations', 'stock'],
    ],
    fetchCount,
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
  }),
)
