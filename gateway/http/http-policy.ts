// How requests and answers may look on the wire: figures of the environment (gateway/config.ts).
import { BODY_LIMIT_BYTES } from '#shared/graphql/body-limit.ts'

export interface HttpPolicy {
  /** Most bytes of a request's body. */
  bodyLimitBytes: number
  /** How long a body may take to arrive, in milliseconds. */
  bodyTimeoutMs: number
  /** Smallest answer that is compressed, in bytes. */
  compressionThresholdBytes: number
  /** Most operations in one request; 0: requests are single, no arrays. */
  batchLimit: number
}

export const DEFAULT_HTTP_POLICY: HttpPolicy = {
  bodyLimitBytes: BODY_LIMIT_BYTES,
  bodyTimeoutMs: 60_000,
  compressionThresholdBytes: 1024,
  batchLimit: 0,
}
