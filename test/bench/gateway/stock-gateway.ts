// Apollo Server over the stock ApolloGateway, as its documentation starts it: what the gateway is measured against.
//
//   node test/bench/gateway/stock-gateway.ts SUPERGRAPH
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { readFileSync } from 'node:fs'

const gateway = new ApolloGateway({ supergraphSdl: readFileSync(process.argv[2]!, 'utf8') })
const server = new ApolloServer({ gateway })
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } })
process.stdout.write(`${JSON.stringify({ event: 'ready', url })}\n`)
