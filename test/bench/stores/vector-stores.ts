// What the platform adds to the vector stores: the time of a search in which the client library does nothing, measured within the search itself and
// beside the same requests made by the client alone; and the rate of bulk upserts against the client's own way to store the same chunks, on the
// same server in turns.
import { parseArgs } from 'node:util'
import { createId } from '#shared/ids.ts'
import type { VectorSearch, VectorStore } from '../../../subgraphs/knowledge/ports/vector-store.ts'
import { printFigures, warnWhenBusy, type Figure, type Target } from '../figures.ts'
import { BENCHED, uniqueName, type BenchedName, type BenchedVectorStore } from './benched-vector-stores.ts'
import { createChunkSource, type BenchmarkChunk } from './chunk-source.ts'
import { createDriverClock, repeatCalls, type DriverClock } from './driver-clock.ts'
import './ended-by-signal.ts'

const USAGE = `node test/bench/stores/vector-stores.ts [options]

  --stores qdrant,weaviate,chroma,lancedb    those to measure, one after the other
  --chunks 10000      chunks that are stored before the searches
  --searches 200      searches that are measured
  --limit 100         length of each list of a search
  --rounds 5          rounds of bulk upserts, and one before them that does not count
  --bulk 2000         chunks of a round
  --document 500      chunks that the adapter is given at once
  --batch 256         chunks that the client is given at once
  --dimensions 384
  --seed 1            of the chunks and questions
  --help

Qdrant is the server at QDRANT_URL (QDRANT_API_KEY) where that is set, else its client's local mode, which is not the Qdrant server.`

const { values } = parseArgs({
  options: {
    stores: { type: 'string', default: 'qdrant,weaviate,chroma,lancedb' },
    chunks: { type: 'string', default: '10000' },
    searches: { type: 'string', default: '200' },
    limit: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    bulk: { type: 'string', default: '2000' },
    document: { type: 'string', default: '500' },
    batch: { type: 'string', default: '256' },
    dimensions: { type: 'string', default: '384' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const sizeOf = (flag: 'chunks' | 'searches' | 'limit' | 'rounds' | 'bulk' | 'document' | 'batch' | 'dimensions') => {
  const size = Number(values[flag])
  if (!Number.isInteger(size) || size < 1)
    throw new Error(`--${flag} is "${values[flag]}": a whole number is expected.`)
  return size
}
const [chunkCount, searchCount, limit, dimensions] = [
  sizeOf('chunks'),
  sizeOf('searches'),
  sizeOf('limit'),
  sizeOf('dimensions'),
]
const [rounds, bulkCount, documentSize, batchSize] = [
  sizeOf('rounds'),
  sizeOf('bulk'),
  sizeOf('document'),
  sizeOf('batch'),
]
const names = values.stores.split(',').map((name) => {
  if (!(name in BENCHED)) throw new Error(`--stores has "${name}": of ${Object.keys(BENCHED).join(', ')} are expected.`)
  return name as BenchedName
})

const ADDED_MS: Target = { of: 'median', atMost: 3 }
const BULK_RATIO: Target = { of: 'median', atLeast: 0.9 }
const space = { modelName: 'benchmark', dimensions }
const [workspaceId, knowledgeBaseId] = [createId('ws'), createId('kb')]
const signal = new AbortController().signal

for (const name of names) {
  const clock = createDriverClock()
  await using store = await BENCHED[name](clock)
  await warnWhenBusy()
  const searches = await measureSearches(store, clock)
  const { figures, ratios } = await measureBulk(store)
  printFigures(
    `searches on ${store.name}, ${chunkCount} chunks of ${dimensions} dimensions, lists of ${limit}`,
    searches,
  )
  printFigures(`bulk upserts on ${store.name}, rounds of ${bulkCount} chunks`, [...figures, ...ratios])
}

async function measureSearches(benched: BenchedVectorStore, clock: DriverClock): Promise<Figure[]> {
  const prefix = uniqueName()
  const source = createChunkSource({ seed: values.seed, dimensions })
  const chunks = source.chunks(chunkCount)
  {
    await using opened = await open(benched, prefix)
    await upsert(opened.store, chunks)
  }
  await using opened = await open(benched, prefix)
  const { store } = opened
  const measured = { adapter: [], client: [], difference: [], added: [], addedWithListing: [] } as Record<
    'adapter' | 'client' | 'difference' | 'added' | 'addedWithListing',
    number[]
  >
  const questions = Array.from({ length: searchCount }, (_, index) =>
    source.question(chunks[Math.floor((index * chunks.length) / searchCount)]!),
  )
  const searchOf = ({ text, vector }: (typeof questions)[number]): VectorSearch => ({
    workspaceId,
    knowledgeBaseIds: [knowledgeBaseId],
    vectors: [{ space, vector }],
    text,
    limit,
    signal,
  })
  // Once each, so that neither side is the first to ask.
  for (const question of questions) await store.search(searchOf(question))
  for (const question of questions) {
    const { result, totalMs, calls, addedMs } = await clock.measure(() => store.search(searchOf(question)))
    if (result.dense[0]!.length === 0 || result.lexical.length === 0) throw new Error('A search found nothing.')
    if (calls.length === 0) throw new Error('A search was not seen to use the client library.')
    const startedAt = performance.now()
    await repeatCalls(calls)
    const clientMs = performance.now() - startedAt
    measured.adapter.push(totalMs)
    measured.client.push(clientMs)
    measured.difference.push(totalMs - clientMs)
    measured.added.push(addedMs())
    measured.addedWithListing.push(addedMs(({ name }) => name !== benched.listing))
  }
  return [
    { name: 'search through the adapter', unit: 'ms', values: measured.adapter },
    { name: 'its requests by the client alone', unit: 'ms', values: measured.client },
    { name: 'the difference, search by search', unit: 'ms', values: measured.difference },
    { name: 'added within the search', unit: 'ms', values: measured.added, target: ADDED_MS },
    ...(benched.listing === null
      ? []
      : [
          {
            name: 'the same, the list of collections counted as added',
            unit: 'ms',
            values: measured.addedWithListing,
            target: ADDED_MS,
          },
        ]),
  ]
}

async function measureBulk(benched: BenchedVectorStore): Promise<{ figures: Figure[]; ratios: Figure[] }> {
  const source = createChunkSource({ seed: `${values.seed} bulk`, dimensions })
  await using opened = await open(benched, uniqueName())
  const writeExample = await benched.bulk.openExample(space)
  const prepareSame = await benched.bulk.openSameFields?.(space, place('doc_same'))
  const prepareCounted = await benched.bulk.openSameFields?.(space, place('doc_counted'))
  const ways: { name: string; write(chunks: BenchmarkChunk[]): Promise<number>; rates: number[] }[] = [
    {
      name: 'adapter',
      write: (chunks) => timed(() => upsert(opened.store, chunks)),
      rates: [],
    },
    {
      name: "client's example, vector and text",
      write: (chunks) =>
        timed(async () => {
          for (const batch of partsOf(chunks, batchSize)) await writeExample(batch)
        }),
      rates: [],
    },
  ]
  if (prepareSame)
    ways.push({
      name: 'client, all fields and indexes of the adapter',
      async write(chunks) {
        const writes = partsOf(chunks, batchSize).map(prepareSame)
        return timed(async () => {
          for (const write of writes) await write()
        })
      },
      rates: [],
    })
  // What nobody can store without computing it: the terms of the texts, with their weights.
  if (prepareCounted)
    ways.push({
      name: 'client, the same and the making of it',
      write: (chunks) =>
        timed(async () => {
          for (const batch of partsOf(chunks, batchSize)) await prepareCounted(batch)()
        }),
      rates: [],
    })
  for (let round = -1; round < rounds; round += 1) {
    const chunks = source.chunks(bulkCount)
    // In turns as to who is first.
    for (const index of ways.keys()) {
      const way = ways[(index + round + 1) % ways.length]!
      const ms = await way.write(chunks)
      if (round >= 0) way.rates.push((bulkCount / ms) * 1000)
    }
  }
  const [adapter, ...others] = ways
  // An embedded library stands for comparison only.
  const target = benched.listing === null ? {} : { target: BULK_RATIO }
  return {
    figures: ways.map(({ name, rates }) => ({ name, unit: '/s', values: rates })),
    ratios: others.map(({ name, rates }) => ({
      name: `adapter against ${name}`,
      unit: '',
      values: rates.map((rate, round) => adapter!.rates[round]! / rate),
      ...target,
    })),
  }
}

async function open(benched: BenchedVectorStore, prefix: string) {
  const store = await benched.open(prefix)
  return { store, [Symbol.asyncDispose]: () => store.close() }
}

/** As documents that come one after the other. */
async function upsert(store: VectorStore, chunks: BenchmarkChunk[]): Promise<void> {
  for (const ofDocument of partsOf(chunks, documentSize))
    await store.upsert(place(createId('doc')), space, ofDocument, signal)
}

function place(documentId: string) {
  return { workspaceId, knowledgeBaseId, documentId }
}

function partsOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
