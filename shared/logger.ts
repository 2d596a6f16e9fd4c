// Structured logs on standard error, so that standard output stays free for what a command prints. Credentials never reach a line.
import pino, { stdSerializers, type Logger } from 'pino'
import { maskPasswords } from './masking.ts'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const

export function createLogger(options: { name: string; level: (typeof LOG_LEVELS)[number] }): Logger {
  const destination = pino.destination({ fd: 2, sync: true })
  // A line that cannot be written, for the terminal is closed or the disk full, ends no process.
  destination.on('error', () => undefined)
  return pino(
    {
      name: options.name,
      level: options.level,
      hooks: { streamWrite: maskAddresses },
      serializers: { err: describeError },
      redact: ['req.headers.authorization', '*.authorization', '*.secret', '*.token', '*.identityToken'],
    },
    destination,
  )
}

/** In a line of JSON, up to white space or the end of a string. A scheme is short; without a bound long words would take quadratic time. */
const ADDRESS = /[a-z][a-z0-9+.-]{0,30}:\/\/(?:[^\s"\\]|\\["\\])+/gi

/** Addresses turn up inside messages, with passwords; that of an upload carries its token. */
function maskAddresses(line: string): string {
  return line
    .replaceAll(/([?&]token=)[^&"\s\\]+/g, '$1[Redacted]')
    .replaceAll(ADDRESS, (address) => maskPasswords(address))
}

/** Plain values only: drivers hang whole clients on their errors, with connections, settings and keys. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const described = Object.entries(stdSerializers.err(error)).filter(([, value]) => Object(value) !== value)
  return {
    ...Object.fromEntries(described),
    ...(error instanceof AggregateError ? { aggregateErrors: error.errors.map(describeError) } : {}),
  }
}
