// The environment of the gateway as a process of its own. Standalone passes the same values itself.
import { z } from 'zod'
import { portVariable } from '#shared/configuration.ts'
import { roleSchema, type Role } from '../contracts/identity.ts'
import { identityKeyVariable, logVariable, subgraphUrlVariables } from '../contracts/platform.ts'
import type { EndpointPolicy } from './endpoint-policy.ts'
import { DEFAULT_HTTP_POLICY } from './http/http-policy.ts'
import { DEFAULT_LIMITS, DEFAULT_OPERATION_POLICY, TRUSTED_DOCUMENT_MODES } from './operations/operation-policy.ts'
import { planningVariables } from './planning/settings.ts'
import { subgraphTrafficVariables } from './subgraphs/settings.ts'
import { subscriptionVariables } from './subscriptions/settings.ts'
import { telemetryVariables } from './telemetry/settings.ts'

const listOf = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)

const figure = (fallback: number, least = 1) => z.coerce.number().int().min(least).default(fallback)

/** What may be sent to the endpoint: docs/gateway.md. */
export const policyVariables = {
  TRIBUTARY_BODY_LIMIT_BYTES: figure(DEFAULT_HTTP_POLICY.bodyLimitBytes).describe(
    'Most bytes of a GraphQL request over HTTP.',
  ),
  TRIBUTARY_COMPRESSION_THRESHOLD_BYTES: figure(DEFAULT_HTTP_POLICY.compressionThresholdBytes, 0).describe(
    'Smallest answer that is compressed, with Brotli or gzip, for clients that take it.',
  ),
  TRIBUTARY_BATCH_LIMIT: figure(DEFAULT_HTTP_POLICY.batchLimit, 0).describe(
    'Most operations in one HTTP request, as a JSON array; 0: no arrays.',
  ),
  TRIBUTARY_LIMIT_TOKENS: figure(DEFAULT_LIMITS.tokens).describe('Most tokens of an operation.'),
  TRIBUTARY_LIMIT_DEPTH: figure(DEFAULT_LIMITS.depth).describe(
    'Most levels of fields in an operation. Tools that read the schema need 15.',
  ),
  TRIBUTARY_LIMIT_ALIASES: figure(DEFAULT_LIMITS.aliases, 0).describe(
    'Most aliases in an operation, fragments written out.',
  ),
  TRIBUTARY_LIMIT_ROOT_FIELDS: figure(DEFAULT_LIMITS.rootFields).describe(
    'Most fields at the root of an operation, fragments written out.',
  ),
  TRIBUTARY_LIMIT_DIRECTIVES: figure(DEFAULT_LIMITS.directives, 0).describe(
    'Most directives in an operation, fragments written out.',
  ),
  TRIBUTARY_LIMIT_COST: figure(DEFAULT_LIMITS.cost).describe('Most that an operation may be estimated to cost.'),
  TRIBUTARY_DEFAULT_LIST_SIZE: figure(DEFAULT_LIMITS.defaultListSize, 0).describe(
    'Size at which the cost of a list is estimated that says nothing about its size.',
  ),
  TRIBUTARY_COST_REPORT: z
    .enum(['off', 'admin', 'all'])
    .default(DEFAULT_OPERATION_POLICY.costReport)
    .describe('Who is told the cost of an operation when asking for it: nobody, the role ADMIN, or everybody.'),
  TRIBUTARY_INTROSPECTION_ROLES: z
    .string()
    .default('any')
    .transform((list, context): readonly Role[] | 'any' => {
      if (list.trim() === 'any') return 'any'
      if (list.trim() === 'none') return []
      const roles = z.array(roleSchema).safeParse(list.split(',').map((role) => role.trim().toUpperCase()))
      if (roles.success) return roles.data
      context.addIssue(`expected any, none, or some of ${roleSchema.options.join(', ')}, separated by commas`)
      return z.NEVER
    })
    .describe(
      'Roles that may read the schema (`__schema`, `__type`), separated by commas; `none`: nobody; `any`: every role and, on a loopback address, those without credentials.',
    ),
  TRIBUTARY_TRUSTED_DOCUMENTS: z
    .enum(TRUSTED_DOCUMENT_MODES)
    .default('off')
    .describe('Whether operations must be in the manifest: `log` logs those that are not, `require` refuses them.'),
  TRIBUTARY_TRUSTED_DOCUMENTS_MANIFEST: z
    .string()
    .optional()
    .describe('Path of the manifest of trusted documents; read again when the file changes.'),
}

/** How operations are planned, subgraphs dealt with, and subscriptions run. */
const engineVariables = { ...subgraphTrafficVariables, ...planningVariables, ...subscriptionVariables }

export const engineSchema = z.object(engineVariables)

export const endpointVariables = {
  TRIBUTARY_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address the endpoint listens on. On a loopback address introspection needs no credentials.'),
  TRIBUTARY_PORT: portVariable(4000).describe('Port of the endpoint; 0 picks a free one and prints it.'),
  TRIBUTARY_CORS_ORIGINS: z
    .string()
    .default('https://studio.apollographql.com')
    .transform(listOf)
    .describe('Origins whose pages may call the endpoint from a browser, separated by commas.'),
  ...engineVariables,
  ...policyVariables,
}

const supergraphVariables = {
  TRIBUTARY_SUPERGRAPH: z
    .string()
    .optional()
    .describe(
      'Supergraph that the gateway serves: a file, watched for changes, or "uplink" for Apollo Uplink, which needs APOLLO_KEY and APOLLO_GRAPH_REF. Unset: the one of the platform.',
    ),
  APOLLO_UPLINK_ENDPOINTS: z
    .string()
    .transform(listOf)
    .optional()
    .describe('URLs of Apollo Uplink, separated by commas. Unset: those of Apollo.'),
}

/** Of a gateway that asks nobody who they are. */
export const openConfigSchema = z.object({
  ...endpointVariables,
  TRIBUTARY_LOG_LEVEL: logVariable.TRIBUTARY_LOG_LEVEL.unwrap()
    .default('info')
    .describe('How much is logged, as JSON lines on standard error; `info`: a line for each operation, too.'),
  ...supergraphVariables,
  ...telemetryVariables,
})

export const configSchema = openConfigSchema.extend({ ...identityKeyVariable, ...subgraphUrlVariables })

export type { EndpointPolicy }

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
