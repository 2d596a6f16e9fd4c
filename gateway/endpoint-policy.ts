// All that is asked of requests before anything of them runs, as one value: the same for every way to start a gateway.
import type { z } from 'zod'
import type { policyVariables } from './config.ts'
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

export function endpointPolicyOf(configuration: z.output<z.ZodObject<typeof policyVariables>>): EndpointPolicy {
  return {
    http: {
      ...DEFAULT_HTTP_POLICY,
      bodyLimitBytes: configuration.TRIBUTARY_BODY_LIMIT_BYTES,
      compressionThresholdBytes: configuration.TRIBUTARY_COMPRESSION_THRESHOLD_BYTES,
      batchLimit: configuration.TRIBUTARY_BATCH_LIMIT,
    },
    operations: {
      limits: {
        tokens: configuration.TRIBUTARY_LIMIT_TOKENS,
        depth: configuration.TRIBUTARY_LIMIT_DEPTH,
        aliases: configuration.TRIBUTARY_LIMIT_ALIASES,
        rootFields: configuration.TRIBUTARY_LIMIT_ROOT_FIELDS,
        directives: configuration.TRIBUTARY_LIMIT_DIRECTIVES,
        cost: configuration.TRIBUTARY_LIMIT_COST,
        defaultListSize: configuration.TRIBUTARY_DEFAULT_LIST_SIZE,
      },
      introspectionRoles: configuration.TRIBUTARY_INTROSPECTION_ROLES,
      costReport: configuration.TRIBUTARY_COST_REPORT,
    },
    trustedDocuments: {
      mode: configuration.TRIBUTARY_TRUSTED_DOCUMENTS,
      manifest: configuration.TRIBUTARY_TRUSTED_DOCUMENTS_MANIFEST ?? null,
    },
  }
}
