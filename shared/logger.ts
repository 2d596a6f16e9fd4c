// Structured logs on standard error, so that standard output stays free for what a command prints. Credentials never reach a line.
import pino, { type Logger } from 'pino'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const

export function createLogger(options: { name: string; level: (typeof LOG_LEVELS)[number] }): Logger {
  const destination = pino.destination({ fd: 2, sync: true })
  // A line that cannot be written, for the terminal is closed or the disk full, ends no process.
  destination.on('error', () => undefined)
  return pino(
    {
      name: options.name,
      level: options.level,
      // An upload's address carries its token, and addresses turn up inside messages.
      hooks: { streamWrite: (line) => line.replaceAll(/([?&]token=)[^&"\s\\]+/g, '$1[Redacted]') },
      redact: ['req.headers.authorization', '*.authorization', '*.secret', '*.token', '*.identityToken'],
    },
    destination,
  )
}
