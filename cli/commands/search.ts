// `tributary search "WORDS"`: the passages that fit best, with their places.
import { clientError, EXIT_STATUS, type ExitStatus } from '../client/client-error.ts'
import { chooseKnowledgeBases } from '../client/knowledge-bases.ts'
import type { SearchResult } from '../client/shapes.ts'
import type { CommandContext } from './context.ts'

export interface SearchFlags {
  knowledgeBase: string[]
  mode?: string
  first: number
}

const PASSAGE_CHARACTERS = 400

export async function search(
  { endpoint, output, signal }: CommandContext,
  query: string,
  flags: SearchFlags,
): Promise<ExitStatus> {
  const knowledgeBases = await chooseKnowledgeBases(endpoint, flags.knowledgeBase, signal)
  for (const { id, name } of knowledgeBases) {
    const { knowledgeBase } = await endpoint.request<{ knowledgeBase: { search: SearchResult | null } | null }>(
      'Search',
      { knowledgeBaseId: id, query, first: flags.first, mode: flags.mode ?? 'HYBRID' },
      signal,
    )
    const result = knowledgeBase?.search
    if (!result) throw clientError('SEARCH_FAILED', `"${name}" could not be searched. Try again.`)
    output.record({ knowledgeBase: { id, name }, ...result })
    const without =
      result.mode === 'LEXICAL' && flags.mode !== 'LEXICAL' ? ' by words only: no embedding model is at hand' : ''
    output.line(`${name}: ${result.hits.length} passages in ${result.durationMs} ms${without}`)
    for (const { score, chunk } of result.hits) {
      const { document, span, headings, text } = chunk
      const place = [document.title, ...headings, ...(span.page ? [`page ${span.page}`] : [])].join(' › ')
      output.line()
      output.line(`  ${score.toFixed(3)}  ${place}  [${span.startOffset}–${span.endOffset}]`)
      const passage = text.replace(/\s+/g, ' ').trim()
      output.line(`  ${passage.length > PASSAGE_CHARACTERS ? `${passage.slice(0, PASSAGE_CHARACTERS)}…` : passage}`)
    }
  }
  return EXIT_STATUS.success
}
