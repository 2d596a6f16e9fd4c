import { expect, test } from 'vitest'
import { z } from 'zod'
import { telemetrySettings, telemetryVariables } from './settings.ts'

test('Studio is reported to with a key and a graph only; a schema of Uplink is not sent back', () => {
  const read = (variables: Record<string, string>, isManaged = false) =>
    telemetrySettings(z.object(telemetryVariables).parse(variables), { isManaged })
  const both = { APOLLO_KEY: 'k', APOLLO_GRAPH_REF: 'g@v' }
  expect(read({}).studio).toBeNull()
  expect(read({ APOLLO_KEY: 'k' }).studio).toBeNull()
  expect(read({ APOLLO_GRAPH_REF: 'g@v' }).studio).toBeNull()
  expect(read(both).studio).toMatchObject({ apiKey: 'k', graphRef: 'g@v', reportsSchema: true })
  expect(read(both, true).studio).toMatchObject({ reportsSchema: false })
  expect(read({ ...both, APOLLO_SCHEMA_REPORTING: 'false' }).studio).toMatchObject({ reportsSchema: false })
})

test('traces go where the standard variables say', () => {
  const read = (variables: Record<string, string>) =>
    telemetrySettings(z.object(telemetryVariables).parse(variables)).tracing
  const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }
  expect(read({})).toBeNull()
  expect(read(collector)).toEqual({
    url: 'http://collector:4318/v1/traces',
    serviceName: 'tributary-gateway',
    sampler: 'parentbased_always_on',
    ratio: 1,
  })
  expect(read({ ...collector, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other/x' })).toMatchObject({
    url: 'http://other/x',
  })
  expect(read({ ...collector, OTEL_SDK_DISABLED: 'true' })).toBeNull()
  expect(
    read({
      ...collector,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_SERVICE_NAME: 'g',
    }),
  ).toMatchObject({
    sampler: 'traceidratio',
    ratio: 0.25,
    serviceName: 'g',
  })
})
