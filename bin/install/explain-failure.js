// Why `npm ci` did not work, as one sentence with what to do about it.

const REASONS = [
  {
    pattern: /NO_NPM/,
    message: () =>
      'npm was not found on the PATH. Install Node with npm from https://nodejs.org (some Linux distributions have npm as a package of its own), then run the same command again.',
  },
  {
    pattern: /ENOSPC|no space left/i,
    message: () =>
      'the disk is full. Free about 2 GB where this folder and your npm cache are, then run the same command again.',
  },
  {
    pattern: /\b(EROFS|EACCES|EPERM)\b|permission denied/i,
    message: (line) =>
      `npm may not write here (${line}). Make this folder and your npm cache writable for your user, or copy the folder to where you may write, then run the same command again.`,
  },
  {
    pattern:
      /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b|network|socket hang up/i,
    message: (line) =>
      `the package registry cannot be reached (${line}). Check the network connection, or the proxy and registry in your npm settings ("npm config get registry"), then run the same command again.`,
  },
  {
    pattern: /\b(CERT_|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER)/,
    message: (line) =>
      `the certificate of the package registry is not trusted (${line}). Tell npm about your organisation's certificate ("npm config set cafile FILE"), then run the same command again.`,
  },
  {
    pattern: /\bE40[134]\b/,
    message: (line) =>
      `the package registry refused a package (${line}). Check the registry in your npm settings ("npm config get registry"), then run the same command again.`,
  },
  {
    pattern: /\bEUSAGE\b|can only install packages when your package\.json and package-lock\.json/,
    message: () =>
      'package.json and package-lock.json do not fit together. Run "npm install" once to mend the lock file, or undo the change to package.json.',
  },
]

/**
 * @param {{ exitCode: number | null, stderr: string, errorCode?: string, stillMissing?: string | null }} outcome
 * @returns {string} Without a subject before it: "npm was not found …".
 */
export function explainFailure({ exitCode, stderr, errorCode = '', stillMissing = null }) {
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!)\s*/i, '').trim())
    .filter((line) => line !== '' && !/complete log of this run|debug-\d+\.log/.test(line))
  for (const { pattern, message } of REASONS) {
    if (pattern.test(errorCode)) return message(lines[0] ?? errorCode)
    const line = lines.find((candidate) => pattern.test(candidate))
    if (line !== undefined) return message(shorten(line))
  }
  if (stillMissing !== null)
    return `npm ci ended well, but ${stillMissing}. Delete the node_modules folder and run the same command again; if your npm settings forbid install scripts, allow them for the package "node".`
  const reason = shorten(lines.at(-1) ?? 'without saying why')
  return `npm ci failed${exitCode === null ? '' : ` with status ${exitCode}`}: ${reason}. Run "npm ci" in this folder to see everything it says.`
}

const shorten = (line) => (line.length > 160 ? `${line.slice(0, 160)}…` : line).replace(/\.$/, '')
