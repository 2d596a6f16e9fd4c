// What a command says: text for people, or with --json one JSON object per line for programs, never both. Standard output has the result,
// standard error what is said besides.

export interface Output {
  readonly isJson: boolean
  /** Whether a person watches, so that lines may be redrawn. */
  readonly isInteractive: boolean
  /** A line for people. */
  line(text?: string): void
  /** Text as it comes, without an end of line, for people. */
  write(text: string): void
  /** A line on standard error, for people. */
  note(text: string): void
  /** An object for programs. */
  record(value: object): void
  /** What went wrong, for whoever listens: `{"error":{"code","message"}}` or a line on standard error. */
  failure(error: { code: string; message: string }): void
}

export interface OutputOptions {
  isJson: boolean
  stdout?: NodeJS.WriteStream
  stderr?: NodeJS.WriteStream
}

export function createOutput({ isJson, stdout = process.stdout, stderr = process.stderr }: OutputOptions): Output {
  return {
    isJson,
    isInteractive: !isJson && stdout.isTTY && stderr.isTTY,
    line(text = '') {
      if (!isJson) stdout.write(`${text}\n`)
    },
    write(text) {
      if (!isJson) stdout.write(text)
    },
    note(text) {
      if (!isJson) stderr.write(`${text}\n`)
    },
    record(value) {
      if (isJson) stdout.write(`${JSON.stringify(value)}\n`)
    },
    failure({ code, message }) {
      if (isJson) stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
      else stderr.write(`tributary: ${message}\n`)
    },
  }
}
