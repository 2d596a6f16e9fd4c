// What the resolvers of knowledge are given as parent: rows.
import type { RetrievedChunk } from './retrieval.ts'
import type {
  AnswerCitationRow,
  AnswerRow,
  AnswerSourceRow,
  ChunkRow,
  DocumentRow,
  KnowledgeBaseRow,
} from './tables.ts'

export type KnowledgeBaseMapper = KnowledgeBaseRow
export type DocumentMapper = DocumentRow
export type ChunkMapper = ChunkRow
export type SearchHitMapper = RetrievedChunk
export type AnswerMapper = AnswerRow
export type AnswerSourceMapper = AnswerSourceRow
export type CitationMapper = AnswerCitationRow
