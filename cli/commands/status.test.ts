import { expect, test } from 'vitest'
import type { Endpoint } from '../client/endpoint.ts'
import type { Output } from '../terminal/output.ts'
import { status } from './status.ts'

/** What is printed of a platform that has one model for each of these capabilities. */
async function statusWith(...capabilities: string[]): Promise<string> {
  const connection = (nodes: object[]) => ({
    nodes,
    edges: nodes.map((node) => ({ cursor: '', node })),
    pageInfo: { hasNextPage: false, endCursor: null },
  })
  const answers: Record<string, object> = {
    Viewer: { viewer: { subject: 'key_1', roles: ['ADMIN'], workspace: { id: 'ws_1', name: 'Default' } } },
    Models: {
      models: connection(
        capabilities.map((capability) => ({
          name: `a-model-for-${capability.toLowerCase()}`,
          provider: 'EMBEDDED',
          capabilities: [capability],
          isLoaded: null,
        })),
      ),
    },
    ModelHosts: { modelHosts: [] },
    KnowledgeBases: { knowledgeBases: connection([]) },
    IngestionJobs: { ingestionJobs: connection([]) },
  }
  const endpoint = {
    url: 'http://127.0.0.1:4000/graphql',
    request: (operation: string) => Promise.resolve(answers[operation]),
  } as Partial<Endpoint> as Endpoint
  const lines: string[] = []
  const output = { line: (text = '') => void lines.push(text), record: () => undefined } as Partial<Output> as Output
  await status({ endpoint, output, signal: new AbortController().signal })
  return lines.join('\n')
}

test.each([[[]], [['CHAT']]])(
  'without an embedding model (%j) it says what that means and what to do',
  async (there) => {
    const printed = await statusWith(...there)
    expect(printed).toContain('by words only')
    for (const words of ['network access', 'TRIBUTARY_MODELS_DIR', 'OLLAMA_HOST']) expect(printed).toContain(words)
  },
)

test('with one it says nothing of the kind', async () => {
  const printed = await statusWith('CHAT', 'EMBEDDING')
  expect(printed).toContain('a-model-for-embedding')
  expect(printed).not.toContain('by words only')
})
