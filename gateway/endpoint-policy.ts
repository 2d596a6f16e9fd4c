// All that is asked of requests before anything of them runs, as one value: the same for every way to start a gateway.
import { DEFAULT_HTTP_POLICY, type HttpPolicy } from './http/http-policy.ts'
import {
  DEFAULT_OPERATION_POLICY,
  type OperationPolicy,
  type TrustedDocumentsOptions,
} from './operations/operation-policy.ts'

export interface EndpointPolicy {
  http: HttpPolicy
  operations: OperationPolicy
  trustedDocuments: TrustedDocumentsOptions
}

export const DEFAULT_ENDPOINT_POLICY: EndpointPolicy = {
  http: DEFAULT_HTTP_POLICY,
  operations: DEFAULT_OPERATION_POLICY,
  trustedDocuments: { mode: 'off', manifest: null },
}
