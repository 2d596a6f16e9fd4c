// What the resolvers of knowledge are given: the use cases, and loaders that live for one operation.
import type { StreamingContext } from '../../contracts/graph-context.ts'
import type { AnswerStore } from './answer-store.ts'
import type { Answers } from './answers.ts'
import type { DeleteContent } from './delete-content.ts'
import type { KnowledgeBases } from './knowledge-bases.ts'
import type { Loaders } from './loaders.ts'
import type { SearchKnowledgeBase } from './search-knowledge-base.ts'

export interface Context extends StreamingContext {
  knowledgeBases: KnowledgeBases
  deleteContent: DeleteContent
  searchKnowledgeBase: SearchKnowledgeBase
  answers: Answers
  answerStore: AnswerStore
  loaders: Loaders
}
