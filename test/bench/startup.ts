// How long `npm start` takes when everything is there already, and what memory the process holds then, after the first embedding and after
// the first answer.
//
//   node test/bench/startup.ts [--runs 5]
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { median, printFigures, warnWhenBusy } from './figures.ts'
import { startPlatform } from './standalone.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } })
const runs = Number(values.runs)
const KNOWLEDGE = `The lighthouse of Hvaler was built in 1847. Its lamp is visible for nineteen nautical miles.
The keeper winds the clockwork every six hours. Fresh water is brought by boat on Tuesdays.`

const root = await mkdtemp(path.join(os.tmpdir(), 'tributary-bench-startup-'))
try {
  const dataDirectory = path.join(root, 'data')
  await fill(dataDirectory)
  await warnWhenBusy()
  const readyMs: number[] = []
  const processorMs: number[] = []
  const timings: Record<string, number>[] = []
  const memory = { ready: [] as number[], embedded: [] as number[], answered: [] as number[] }
  for (let run = 0; run < runs; run += 1) {
    const platform = await startPlatform({ dataDirectory })
    try {
      readyMs.push(platform.readyMs)
      processorMs.push(await platform.processorMs())
      timings.push(platform.timings)
      memory.ready.push(await platform.residentMib())
      const { knowledgeBases } = await platform.client.query('{ knowledgeBases { nodes { id } } }')
      const { id } = knowledgeBases.nodes[0]
      await platform.client.query(
        'query ($id: ID!) { knowledgeBase(id: $id) { search(query: "lamp", mode: DENSE) { mode } } }',
        { id },
      )
      memory.embedded.push(await platform.residentMib())
      const question = 'How far is the lamp of the lighthouse visible?'
      const answer = await platform.client.ask({ question, knowledgeBaseIds: [id], mode: 'EXTRACTIVE' })
      if (!answer.text.includes('nineteen')) console.error(`Unexpected answer: ${answer.text}`)
      memory.answered.push(await platform.residentMib())
    } finally {
      await platform.close()
    }
  }
  printFigures('start', [
    { name: 'ready after npm start, all cached', unit: 'ms', values: readyMs, target: { of: 'median', atMost: 5000 } },
    { name: '  processor time of it', unit: 'ms', values: processorMs },
    { name: 'resident memory, ready', unit: 'MiB', values: memory.ready },
    { name: 'resident memory, first embedding', unit: 'MiB', values: memory.embedded },
    { name: 'resident memory, first answer', unit: 'MiB', values: memory.answered },
  ])
  printFigures('done after the begin, as the process says', [
    ...partsOf(timings).map((name) => ({ name, unit: 'ms', values: timings.map((timing) => timing[name]!) })),
    {
      name: 'before the begin (node, launcher, first imports)',
      unit: 'ms',
      values: readyMs.map((total, run) => total - timings[run]!['ready']!),
    },
  ])
} finally {
  await rm(root, { recursive: true, force: true })
}

/** In the order in which they are done. */
function partsOf(timings: readonly Record<string, number>[]): string[] {
  const names = [...new Set(timings.flatMap((timing) => Object.keys(timing)))]
  const done = (name: string) => median(timings.map((timing) => timing[name] ?? 0))
  return names.toSorted((left, right) => done(left) - done(right))
}

/** The first start, which makes the stores, compiles the code and has one document ingested. */
async function fill(dataDirectory: string): Promise<void> {
  const platform = await startPlatform({ dataDirectory })
  try {
    const knowledgeBaseId = await platform.client.createKnowledgeBase('Benchmark')
    const job = await platform.client.ingest({ knowledgeBaseId, texts: [{ title: 'Lighthouse', text: KNOWLEDGE }] })
    if (job.status !== 'SUCCEEDED') throw new Error(JSON.stringify(job))
  } finally {
    await platform.close()
  }
}
