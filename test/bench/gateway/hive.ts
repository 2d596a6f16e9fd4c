// Our gateway beside Hive Gateway of the npm registry, in its JavaScript runtime with --jit and in the one that plans in Rust: what a nested query over
// four subgraphs costs each, as executors.ts measures it, with what equal requests share set the same on both sides. Linux only.
//
//   node test/bench/gateway/hive.ts [--seconds 10] [--rounds 3]
import { parseArgs } from 'node:util'
import { warnWhenBusy } from '../figures.ts'
import { compareGateways } from './compare.ts'
import { installHiveGateway, startHiveGateway, type HiveRuntime } from './hive-gateway.ts'
import { startOurs, withCatalogue } from './processes.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, rounds: { type: 'string', default: '3' } },
})

const SHARING = {
  'nothing shared': { upstream: false, inbound: false },
  'fetches shared': { upstream: true, inbound: false },
  'fetches and operations shared': { upstream: true, inbound: true },
}

const home = await installHiveGateway()
await warnWhenBusy()
await withCatalogue(async ({ supergraph, fetchCount }) => {
  for (const [title, sharing] of Object.entries(SHARING)) {
    const hive = (runtime: HiveRuntime) => startHiveGateway({ home, supergraph, runtime, sharing })
    await compareGateways({
      title,
      gateways: {
        ours: () =>
          startOurs(supergraph, {
            TRIBUTARY_GATEWAY_SHARE_FETCHES: String(sharing.upstream),
            TRIBUTARY_GATEWAY_SHARE_OPERATIONS: String(sharing.inbound),
          }),
        'hive, javascript': () => hive('javascript'),
        'hive, rust planner': () => hive('rust planner'),
      },
      ratios: [
        ['ours', 'hive, javascript'],
        ['ours', 'hive, rust planner'],
      ],
      fetchCount,
      seconds: Number(values.seconds),
      rounds: Number(values.rounds),
    })
  }
})
