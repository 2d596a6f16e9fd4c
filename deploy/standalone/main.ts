// `tributary start`: the platform in one process. Says what it does, does the main job once at the first start, stays up until it is told to end.
import { fileURLToPath } from 'node:url'
import { readConfiguration } from '#shared/configuration.ts'
import { TributaryError } from '#shared/errors.ts'
import { createLogger } from '#shared/logger.ts'
import { telemetrySettings } from '../../gateway/telemetry/settings.ts'
import { ClientError } from '../../cli/client/client-error.ts'
import { createEndpoint, type Endpoint } from '../../cli/client/endpoint.ts'
import { createOutput, type Output } from '../../cli/terminal/output.ts'
import { endpointPolicyOf } from '../../gateway/config.ts'
import { configSchema } from './config.ts'
import { findGuideName } from './guide/find-guide.ts'
import { runGuide } from './guide/run-guide.ts'
import { listenForEnd, type EndRequest } from './listen-for-end.ts'
import { readFlags, startEnvironment } from './options.ts'
import { showModelsFetch } from './show-models-fetch.ts'
import { startPlatform, type RunningPlatform } from './start-platform.ts'
import { printWhereToGo } from './where-to-go.ts'

/** A part that does not close in time is left behind: the stores recover from that. */
const CLOSE_TIMEOUT_MS = 15_000

/** The checkout. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

// Whatever is stored is its user's alone.
process.umask(0o077)
// A terminal that was closed takes no more words. The platform goes on until it is told to end, and then ends as it always does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
const flags = readFlags(process.argv.slice(2))
const output = createOutput({ isJson: flags.isJson })
const end = listenForEnd({ onSecond: () => process.exit(130) })
process.exitCode = await run(output, end)
// Native addons may hold the event loop open after everything was closed.
process.exit()

async function run(output: Output, end: EndRequest): Promise<number> {
  let platform: RunningPlatform
  try {
    const environment = startEnvironment(flags, process.env)
    const onWarning = (message: string): void => {
      output.record({ event: 'warning', message })
      output.note(`! ${message}`)
    }
    const configuration = readConfiguration(configSchema, environment, { onWarning })
    const logger = createLogger({ name: 'tributary', level: configuration.TRIBUTARY_LOG_LEVEL })
    output.line('Tributary is starting …')
    platform = await startPlatform({
      host: configuration.TRIBUTARY_HOST,
      port: configuration.TRIBUTARY_PORT,
      corsOrigins: configuration.TRIBUTARY_CORS_ORIGINS,
      traffic: configuration,
      policy: endpointPolicyOf(configuration),
      publicUrl: configuration.TRIBUTARY_PUBLIC_URL ?? null,
      dataDirectory: environment.TRIBUTARY_DATA_DIR,
      environment,
      telemetry: telemetrySettings(configuration),
      logger,
      onDataDirectoryLost(error) {
        logger.fatal({ err: error }, 'another process has taken the data directory over')
        process.exit(1)
      },
    })
  } catch (error) {
    output.failure(describe(error))
    return 1
  }

  const { url, origin, dataDirectory, adminKey, timings } = platform
  output.record({ event: 'ready', url, origin, dataDirectory, timings })
  output.line(`Tributary is ready at ${url} (${(timings['ready']! / 1000).toFixed(1)} s).`)
  if (adminKey.isNew) {
    output.record({ event: 'admin-api-key-created', secret: adminKey.secret })
    output.line()
    output.line(`API key of the administrator, shown this once: ${adminKey.secret}`)
    output.line(
      'The command line finds it in credentials.json in the data directory; only your user can read that file.',
    )
  }
  if (platform.uploadsWarning !== null) {
    output.record({ event: 'warning', message: platform.uploadsWarning })
    output.note(`! ${platform.uploadsWarning}`)
  }
  output.line()
  const endpoint = createEndpoint({ url, apiKey: adminKey.secret, sendsUploadsHere: true })
  const guideName = await showFirstSteps(platform, endpoint, output, end.signal)
  if (!end.signal.aborted) printWhereToGo({ origin, url, root: ROOT, dataDirectory, guideName }, output)
  await endpoint.close()

  await end.requested
  output.line('\nTributary is closing …')
  const closed = await Promise.race([
    platform.close().then(
      () => null,
      (error: unknown) => describe(error),
    ),
    new Promise<{ code: string; message: string }>((resolve) =>
      setTimeout(
        resolve,
        CLOSE_TIMEOUT_MS,
        describe(new TributaryError('UPSTREAM_TIMED_OUT', 'Closing took too long and was cut short; nothing is lost.')),
      ).unref(),
    ),
  ])
  if (closed) output.failure(closed)
  output.record({ event: 'closed' })
  return closed ? 1 : 0
}

/** The models being fetched, and the guide; what it is called, if there is one then. */
async function showFirstSteps(
  { models, dataDirectory }: RunningPlatform,
  endpoint: Endpoint,
  output: Output,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await showModelsFetch(models, output, signal)
    if (flags.isGuideWanted) await runGuide({ endpoint, root: ROOT, dataDirectory, output, signal })
  } catch (error) {
    if (!signal.aborted) output.failure(describe(error))
  }
  return findGuideName({ endpoint, dataDirectory, signal }).catch(() => null)
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof TributaryError || error instanceof ClientError) return error
  return {
    code: 'INTERNAL_SERVER_ERROR',
    message: `Something unexpected went wrong: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  }
}
