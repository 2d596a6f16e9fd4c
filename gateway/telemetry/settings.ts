// What of telemetry an operator decides, as the environment says it.
import { z } from 'zod'
import { secret } from '#shared/masking.ts'
import { SAMPLER_NAMES, type SamplerName } from './sampler.ts'

export interface TracingSettings {
  /** Where traces are sent: OTLP over HTTP, as protobuf. */
  url: string
  serviceName: string
  sampler: SamplerName
  /** The part of the traces that samplers with a ratio keep, from 0 to 1. */
  ratio: number
}

export interface StudioSettings {
  apiKey: string
  /** `graph@variant` */
  graphRef: string
  /** Whether the schema is told too. Where it comes from Studio, Studio has it. */
  reportsSchema: boolean
  /** Where usage is reported; undefined: to Apollo. Without a path: `/api/ingress/traces` is added. */
  usageUrl?: string | undefined
  /** Where the schema is reported; undefined: to Apollo. */
  schemaUrl?: string | undefined
}

export interface TelemetrySettings {
  /** Null: nothing is traced. */
  tracing: TracingSettings | null
  /** Null: nothing is reported to Apollo Studio. */
  studio: StudioSettings | null
  /** How many of a hundred operations without errors get a line in the log; those with errors all do. */
  requestLogPercent: number
  /** Of how many of a hundred operations the actual cost is counted for the figures. */
  actualCostPercent: number
}

const DEFAULT_ACTUAL_COST_PERCENT = 10

const httpUrl = () => z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })

export const telemetryVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl()
    .optional()
    .describe(
      'OpenTelemetry collector that traces are sent to, by OTLP over HTTP (protobuf); `/v1/traces` is added. Unset: nothing is traced.',
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl()
    .optional()
    .describe('The same for traces alone, with its whole path; it comes before the former.'),
  OTEL_SERVICE_NAME: z.string().default('tributary-gateway').describe('Name of the service in its traces.'),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLER_NAMES)
    .default('parentbased_always_on')
    .describe(
      `Which traces are kept: \`${SAMPLER_NAMES.join('`, `')}\`. The \`parentbased\` ones do as the client's \`traceparent\` says.`,
    ),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Part of the traces that the samplers with a ratio keep, from 0 to 1.'),
  OTEL_SDK_DISABLED: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .default(false)
    .describe('`true` switches tracing off whatever else is set.'),
  APOLLO_KEY: secret(z.string())
    .optional()
    .describe(
      'Key of the graph in Apollo GraphOS. With APOLLO_GRAPH_REF, usage is reported to Apollo Studio; the supergraph "uplink" of a gateway needs both.',
    ),
  APOLLO_GRAPH_REF: z
    .string()
    .regex(/^[^@\s]+(@[^@\s]+)?$/, 'expected graph@variant')
    .optional()
    .describe('Graph and variant in Apollo GraphOS, as graph@variant: of the reports, and of the supergraph "uplink".'),
  APOLLO_SCHEMA_REPORTING: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .default(true)
    .describe(
      'Whether the schema is reported to Apollo Studio too, where APOLLO_KEY and APOLLO_GRAPH_REF are set. One that came from Apollo Uplink never is.',
    ),
  TRIBUTARY_GATEWAY_STUDIO_USAGE_URL: httpUrl()
    .optional()
    .describe('Where usage is reported instead of to Apollo; `/api/ingress/traces` is added.'),
  TRIBUTARY_GATEWAY_STUDIO_SCHEMA_URL: httpUrl()
    .optional()
    .describe('Where the schema is reported instead of to Apollo.'),
  TRIBUTARY_GATEWAY_REQUEST_LOG_PERCENT: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(100)
    .describe(
      'How many of a hundred operations without errors get a line in the log (at level `info`); those with errors all do.',
    ),
  TRIBUTARY_GATEWAY_ACTUAL_COST_PERCENT: z.coerce
    .number()
    .min(0)
    .max(100)
    .default(DEFAULT_ACTUAL_COST_PERCENT)
    .describe(
      'Of how many of a hundred operations the actual cost is counted for the figures, evenly spread; of the others only if their client asks for it.',
    ),
}

/** Of variables that were read. `isManaged`: the supergraph comes from Apollo Uplink. */
export function telemetrySettings(
  variables: z.output<z.ZodObject<typeof telemetryVariables>>,
  options: { isManaged?: boolean } = {},
): TelemetrySettings {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, APOLLO_KEY: apiKey, APOLLO_GRAPH_REF: graphRef } = variables
  const url =
    variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (endpoint && `${endpoint.replace(/\/+$/, '')}/v1/traces`) ?? null
  return {
    tracing:
      url === null || variables.OTEL_SDK_DISABLED
        ? null
        : {
            url,
            serviceName: variables.OTEL_SERVICE_NAME,
            sampler: variables.OTEL_TRACES_SAMPLER,
            ratio: variables.OTEL_TRACES_SAMPLER_ARG,
          },
    studio:
      apiKey === undefined || graphRef === undefined
        ? null
        : {
            apiKey,
            graphRef,
            reportsSchema: variables.APOLLO_SCHEMA_REPORTING && options.isManaged !== true,
            usageUrl: variables.TRIBUTARY_GATEWAY_STUDIO_USAGE_URL,
            schemaUrl: variables.TRIBUTARY_GATEWAY_STUDIO_SCHEMA_URL,
          },
    requestLogPercent: variables.TRIBUTARY_GATEWAY_REQUEST_LOG_PERCENT,
    actualCostPercent: variables.TRIBUTARY_GATEWAY_ACTUAL_COST_PERCENT,
  }
}

/** Nothing leaves the process. */
export const QUIET_TELEMETRY: TelemetrySettings = {
  tracing: null,
  studio: null,
  requestLogPercent: 100,
  actualCostPercent: DEFAULT_ACTUAL_COST_PERCENT,
}
