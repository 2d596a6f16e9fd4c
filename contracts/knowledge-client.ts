// What ingestion asks of knowledge before it takes work on: may this caller bring documents into this knowledge base?
// (internal route POST /internal/knowledge-base, signed with the caller's identity)
import { z } from 'zod'
import { internalJson } from './internal-request.ts'
import type { Identity, IdentitySigner } from './identity.ts'

export const KNOWLEDGE_BASE_PATH = '/internal/knowledge-base'
export const knowledgeBaseRequestSchema = z.object({ id: z.string().max(200) })
export const knowledgeBaseResponseSchema = z.object({
  knowledgeBase: z.object({ id: z.string(), name: z.string() }).nullable(),
})

export interface KnowledgeClient {
  /** Null when it is unknown in the caller's workspace. */
  findKnowledgeBase(identity: Identity, id: string, signal: AbortSignal): Promise<{ id: string; name: string } | null>
}

export function createKnowledgeClient(options: { origin: () => string; signer: IdentitySigner }): KnowledgeClient {
  return {
    async findKnowledgeBase(identity, id, signal) {
      const response = await internalJson(
        {
          url: options.origin() + KNOWLEDGE_BASE_PATH,
          token: await options.signer.sign(identity),
          body: { id },
          signal,
          timeoutMs: 10_000,
          target: 'knowledge',
        },
        knowledgeBaseResponseSchema,
      )
      return response.knowledgeBase
    },
  }
}
