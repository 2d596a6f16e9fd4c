// Traces by OpenTelemetry, exported by OTLP over HTTP (protobuf). Off, there is the no-op tracer of the API and nothing else is loaded. An export
// that fails costs its spans, never a request.
import { trace, type Tracer } from '@opentelemetry/api'
import { ExportResultCode } from '@opentelemetry/core'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import type { Logger } from 'pino'
import { createSampler } from './sampler.ts'
import type { TracingSettings } from './settings.ts'

export interface Tracing {
  tracer: Tracer
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>
}

const TRACER_NAME = 'tributary-gateway'
const CLOSE_TIMEOUT_MS = 2000
/** Failures in a row are told once in this time, in milliseconds. */
const WARNING_INTERVAL_MS = 60_000

/** `settings`: null for none. */
export async function openTracing(settings: TracingSettings | null, logger: Logger): Promise<Tracing> {
  // Whoever loads a tracer of their own into the process has it used: the API asks for it.
  if (!settings) return { tracer: trace.getTracer(TRACER_NAME), close: async () => undefined }
  const [{ BatchSpanProcessor, TracerProvider }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/resources'),
  ])
  const provider = new TracerProvider({
    resource: resources
      .detectResources({ detectors: [resources.envDetector] })
      .merge(resources.resourceFromAttributes({ [ATTR_SERVICE_NAME]: settings.serviceName })),
    sampler: await createSampler(settings),
    // Headers, compression, time-outs and certificates the exporter reads from its variables itself.
    spanProcessors: [
      new BatchSpanProcessor({ exporter: tellFailures(new OTLPTraceExporter({ url: settings.url }), logger) }),
    ],
  })
  return {
    tracer: provider.getTracer(TRACER_NAME),
    async close() {
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)
      await Promise.race([provider.shutdown().catch(() => undefined), late])
      clearTimeout(timer)
    },
  }
}

function tellFailures(exporter: SpanExporter, logger: Logger): SpanExporter {
  let toldAtMs = -Infinity
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error && performance.now() - toldAtMs > WARNING_INTERVAL_MS) {
          toldAtMs = performance.now()
          logger.warn({ reason: result.error.message, spanCount: spans.length }, 'traces could not be exported')
        }
        // Told already: the processor would tell it again, on standard output.
        done({ code: ExportResultCode.SUCCESS })
      }),
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush ? { forceFlush: () => exporter.forceFlush!() } : {}),
  }
}
