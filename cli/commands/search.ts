// `tributary search "WORDS"`: the passages that fit best, with their places.
import { clientError, EXIT_STATUS, type ExitStatus } from '../client/client-error.ts'
import { chooseKnowledgeBases } from '../client/knowledge-bases.ts'
import type { KnowledgeBase, SearchResult } from '../client/shapes.ts'
import type { CommandContext } from './context.ts'

export interface SearchFlags {
  knowledgeBase: string[]
  mode?: string
  first: number
}

const PASSAGE_CHARACTERS = 400

/** What gives the platform an embedding model, and what that leaves as it was. */
export const EMBEDDING_REMEDY =
  'To search by meaning, start the platform with network access once, which fetches its embedding model; or put the files of that model ' +
  'into TRIBUTARY_MODELS_DIR, or set OLLAMA_HOST to an Ollama with an embedding model, and start the platform again. ' +
  'Documents ingested without one are still found by words only: delete them and ingest them again, or ingest them into another knowledge base.'

export async function search(
  { endpoint, output, signal }: CommandContext,
  query: string,
  flags: SearchFlags,
): Promise<ExitStatus> {
  const knowledgeBases = await chooseKnowledgeBases(endpoint, flags.knowledgeBase, signal)
  const advice = new Set<string>()
  for (const { id, name, embeddingModel } of knowledgeBases) {
    const { knowledgeBase } = await endpoint.request<{ knowledgeBase: { search: SearchResult | null } | null }>(
      'Search',
      { knowledgeBaseId: id, query, first: flags.first, mode: flags.mode ?? 'HYBRID' },
      signal,
    )
    const result = knowledgeBase?.search
    if (!result) throw clientError('SEARCH_FAILED', `"${name}" could not be searched. Try again.`)
    output.record({ knowledgeBase: { id, name }, ...result })
    const without = result.mode === 'LEXICAL' && flags.mode !== 'LEXICAL' ? withoutMeaning(embeddingModel) : null
    if (without) advice.add(without.remedy)
    output.line(
      `${name}: ${result.hits.length} passages in ${result.durationMs} ms${without ? `, by words only: ${without.why}` : ''}`,
    )
    for (const { score, chunk } of result.hits) {
      const { document, span, headings, text } = chunk
      const place = [document.title, ...headings, ...(span.page ? [`page ${span.page}`] : [])].join(' › ')
      output.line()
      output.line(`  ${score.toFixed(3)}  ${place}  [${span.startOffset}–${span.endOffset}]`)
      const passage = text.replace(/\s+/g, ' ').trim()
      output.line(`  ${passage.length > PASSAGE_CHARACTERS ? `${passage.slice(0, PASSAGE_CHARACTERS)}…` : passage}`)
    }
  }
  for (const remedy of advice) output.note(remedy)
  return EXIT_STATUS.success
}

/** Why a search that was to look for meaning looked for words only. */
function withoutMeaning(embeddingModel: KnowledgeBase['embeddingModel']): { why: string; remedy: string } {
  if (!embeddingModel) return { why: 'it has no embedding model', remedy: EMBEDDING_REMEDY }
  return {
    why: `${embeddingModel.name} could not embed the question`,
    remedy: 'Search again; if that does not help, the log of the platform says why the model does not answer.',
  }
}
