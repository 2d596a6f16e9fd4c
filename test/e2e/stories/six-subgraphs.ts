// One query across all six subgraphs costs the same whether a knowledge base holds five documents or fifty: one batch of entities per type
// and subgraph, and a constant number of SQL statements.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createLogger } from '#shared/logger.ts'
import type { IdentitySigner } from '../../../contracts/identity.ts'
import { SUBGRAPH_NAMES, type SubgraphName } from '../../../contracts/node-types.ts'
import { startGateway } from '../../../gateway/main.ts'
import { readExampleOperations } from '../../../schema/operations.ts'
import { createTestClient, type TestClient } from '../../harness/client.ts'
import { STORY_TIMEOUTS, type PlatformUnderTest } from '../../harness/platform-under-test.ts'
import { startRecordingProxy, type RecordedRequest } from '../../harness/recording-proxy.ts'

export interface CountedPlatform extends PlatformUnderTest {
  signer: IdentitySigner
  subgraphUrls: Readonly<Record<SubgraphName, string>>
  /** Runs the work, and returns the statements it sent to the tables of the subgraphs. */
  statementsOf(work: () => Promise<unknown>): Promise<string[]>
}

const FEW = 5
const MANY = 50

export function sixSubgraphsStory(profile: string, start: () => Promise<CountedPlatform>): void {
  vi.setConfig(STORY_TIMEOUTS)
  describe(`one query over six subgraphs, ${profile}`, () => {
    const operation = readExampleOperations().find(({ name }) => name === 'SixSubgraphs')!
    let platform: CountedPlatform
    let client: TestClient
    let closeAll: () => Promise<void>
    const requests: RecordedRequest[] = []
    const knowledgeBaseIds = new Map<number, string>()

    beforeAll(async () => {
      platform = await start()
      const uploader = platform.client()
      for (const count of [FEW, MANY]) {
        const id = await uploader.createKnowledgeBase(`With ${count} documents`)
        const job = await uploader.ingest({ knowledgeBaseId: id, texts: texts(count) })
        expect(job).toMatchObject({ status: 'SUCCEEDED', completedItemCount: count })
        await uploader.query(`query ($id: ID!) { knowledgeBase(id: $id) { search(query: "keeper") { mode } } }`, { id })
        knowledgeBaseIds.set(count, id)
      }
      // A second gateway, which reaches each subgraph through a proxy that notes what is asked.
      const proxies = await Promise.all(
        SUBGRAPH_NAMES.map((subgraph) =>
          startRecordingProxy({
            subgraph,
            targetUrl: platform.subgraphUrls[subgraph],
            onRequest: (request) => requests.push(request),
          }),
        ),
      )
      const gateway = await startGateway({
        host: '127.0.0.1',
        port: 0,
        corsOrigins: [],
        subgraphUrls: Object.fromEntries(SUBGRAPH_NAMES.map((name, index) => [name, proxies[index]!.url])) as never,
        signer: platform.signer,
        logger: createLogger({ name: 'counting-gateway', level: 'error' }),
      })
      client = createTestClient({ url: gateway.url, apiKey: platform.adminApiKey })
      closeAll = async () => {
        await gateway.close()
        await Promise.all(proxies.map((proxy) => proxy.close()))
      }
    })
    afterAll(async () => {
      await closeAll?.()
      await platform?.close()
    })

    const ask = (count: number) => client.query(operation.text, { knowledgeBaseId: knowledgeBaseIds.get(count) })

    test('every subgraph answers its part of every document', async () => {
      const { viewer, knowledgeBase } = await ask(MANY)
      expect(viewer.workspace.name).toBe('Default')
      expect(knowledgeBase.documents.nodes).toHaveLength(MANY)
      for (const document of knowledgeBase.documents.nodes) {
        expect(document.ingestionItem).toMatchObject({ status: 'SUCCEEDED' })
        expect(document.ingestionItem.steps).toHaveLength(8)
        expect(document.entities.nodes.map(({ name }: any) => name)).toContain('Ottilie Brandt')
      }
      await expect
        .poll(async () => (await ask(MANY)).knowledgeBase.metrics.retrievalLatencyMs?.p95, { timeout: 20_000 })
        .toBeGreaterThan(0)
    })

    test('each subgraph is asked for the entities of a type once', async () => {
      requests.length = 0
      const { knowledgeBase } = await ask(MANY)
      const asked = requests.splice(0)
      const batches = asked.filter(({ representations }) => representations.length > 0)
      const askedFor = batches.map(({ subgraph, representations }) => {
        const types = [...new Set(representations)]
        return `${subgraph}: ${representations.length} × ${types.join(', ')}`
      })
      expect(askedFor.toSorted()).toEqual(
        [
          `graph: ${MANY} × Document`,
          `ingestion: ${MANY} × Document`,
          'metrics: 1 × KnowledgeBase',
          ...(knowledgeBase.embeddingModel === null ? [] : ['models: 1 × Model']),
        ].toSorted(),
      )
      const roots = asked.filter(({ representations }) => representations.length === 0)
      expect(roots.map(({ subgraph }) => subgraph).toSorted()).toEqual(['accounts', 'knowledge'])
    })

    test('fifty documents cost exactly as many SQL statements as five', async () => {
      for (const count of [FEW, MANY]) await ask(count)
      const few = (await platform.statementsOf(() => ask(FEW))).filter(isOfTheQuery)
      const many = (await platform.statementsOf(() => ask(MANY))).filter(isOfTheQuery)
      expect(many.map(shape).toSorted()).toEqual(few.map(shape).toSorted())
      expect(many.length).toBeGreaterThanOrEqual(5)
      console.log(
        `SixSubgraphs costs ${many.length} SQL statements on ${profile}, for ${FEW} and for ${MANY} documents.`,
      )
    })
  })
}

/**
 * Not of it: the look-up of the key, made once in half a second whatever is asked meanwhile, and what writes, which is the
 * work that every process does in the background (leases of answers, once a second).
 */
const isOfTheQuery = (statement: string): boolean =>
  !statement.includes('api_key') && !/^\s*(?:update|insert|delete)\b/iu.test(statement)

/** A statement without the number of its parameters, which is the size of its batch. */
const shape = (statement: string): string => statement.replaceAll(/\$\d+(, ?\$\d+)*/g, '$…')

function texts(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    title: `Lighthouse ${index}`,
    text: `Lighthouse number ${index} stands at the coast of Norway. Its keeper is Ottilie Brandt of the Coastal Trust.`,
  }))
}
