// A host that serves models: what it has, and how to open it. One provider object stands for one host.
import type { ModelDescription, ModelProviderKind } from '../domain/model.ts'
import type { ChatModel } from './chat-model.ts'
import type { EmbeddingModel } from './embedding-model.ts'
import type { RerankModel } from './rerank-model.ts'

export interface ModelProvider extends AsyncDisposable {
  readonly kind: ModelProviderKind
  /** What operators know the host by; unique among the configured hosts. */
  readonly hostName: string
  /** All models it could serve now, by name. UPSTREAM_UNAVAILABLE when it cannot be reached. */
  listModels(signal: AbortSignal): Promise<readonly ModelDescription[]>
  /** MODEL_NOT_AVAILABLE when it has no such model, or the model cannot chat. Cheap to call again: the provider keeps what it opened. */
  openChatModel(name: string, signal: AbortSignal): Promise<ChatModel>
  /** MODEL_NOT_AVAILABLE when it has no such model, or the model does not embed. */
  openEmbeddingModel(name: string, signal: AbortSignal): Promise<EmbeddingModel>
  /** MODEL_NOT_AVAILABLE when it has no such model, or the model does not rerank. */
  openRerankModel(name: string, signal: AbortSignal): Promise<RerankModel>
}
