// The samplers that OTEL_TRACES_SAMPLER names (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
import type { Sampler } from '@opentelemetry/sdk-trace'
import { assertNever } from '#shared/errors.ts'

export const SAMPLER_NAMES = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
export type SamplerName = (typeof SAMPLER_NAMES)[number]

/** `ratio`: the part of the traces to keep, from 0 to 1, for the samplers with a ratio. */
export async function createSampler({ sampler, ratio }: { sampler: SamplerName; ratio: number }): Promise<Sampler> {
  const sdk = await import('@opentelemetry/sdk-trace')
  const parentBased = (root: Sampler) => new sdk.ParentBasedSampler({ root })
  switch (sampler) {
    case 'always_on':
      return new sdk.AlwaysOnSampler()
    case 'always_off':
      return new sdk.AlwaysOffSampler()
    case 'traceidratio':
      return new sdk.TraceIdRatioBasedSampler(ratio)
    case 'parentbased_always_on':
      return parentBased(new sdk.AlwaysOnSampler())
    case 'parentbased_always_off':
      return parentBased(new sdk.AlwaysOffSampler())
    case 'parentbased_traceidratio':
      return parentBased(new sdk.TraceIdRatioBasedSampler(ratio))
    default:
      return assertNever(sampler)
  }
}
