// One request over one of a subgraph's connections, and its whole answer as text. Straight on undici's dispatcher: its streams and their
// promises cost more than everything else that the gateway does for a fetch.
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Connections } from './connections.ts'
import { answerTooLarge, transportFailure } from './subgraph-failure.ts'

export interface SendOptions {
  subgraph: string
  connections: Connections
  /** With the query string. */
  path: string
  headers: Readonly<Record<string, string>>
  body: string
  /** Its reason is what the caller gets. */
  signal: AbortSignal
  limitBytes: number
  /** How long the subgraph may take, for what is said when it takes longer. */
  timeoutMs: number
}

/** What is known of an answer before it is read. */
export interface SubgraphAnswer {
  status: number
  /** Of the body as it came. */
  sizeBytes: number
}

export interface HttpAnswer extends SubgraphAnswer {
  headers: IncomingHttpHeaders
  text: string
}

export function send(options: SendOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    options.connections.dispatch(
      { method: 'POST', path: options.path, headers: options.headers, body: options.body },
      new AnswerCollector(options, resolve, reject),
    )
  })
}

class AnswerCollector implements Dispatcher.DispatchHandler {
  readonly #options: SendOptions
  readonly #resolve: (answer: HttpAnswer) => void
  readonly #reject: (reason: unknown) => void
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #chunks: Buffer[] = []
  #sizeBytes = 0

  constructor(options: SendOptions, resolve: (answer: HttpAnswer) => void, reject: (reason: unknown) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    options.signal.addEventListener('abort', this)
  }

  /** The signal's: whoever waits is told at once, whether or not undici has a connection yet. */
  handleEvent(): void {
    this.#end(this.#options.signal.reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#options.signal.aborted) controller.abort(this.#options.signal.reason as Error)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status
    this.#headers = headers
    if (Number(headers['content-length'] ?? 0) > this.#options.limitBytes) this.#endTooLarge()
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes > this.#options.limitBytes) this.#endTooLarge()
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#options.signal.removeEventListener('abort', this)
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#sizeBytes)
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      text: bytes.toString('utf8'),
      sizeBytes: this.#sizeBytes,
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { subgraph, timeoutMs, signal } = this.#options
    signal.removeEventListener('abort', this)
    this.#reject(transportFailure(error, subgraph, { hasAnswerBegun: this.#status > 0, timeoutMs }))
  }

  #endTooLarge(): void {
    this.#end(answerTooLarge(this.#options.subgraph, this.#options.limitBytes))
  }

  #end(reason: unknown): void {
    this.#options.signal.removeEventListener('abort', this)
    this.#chunks = []
    this.#reject(reason)
    this.#controller?.abort(reason as Error)
  }
}
