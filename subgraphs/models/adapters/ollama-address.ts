// Reads OLLAMA_HOST as Ollama's own command line does: what is missing is filled in, and an address to bind to becomes one to connect to.
import { TributaryError } from '#shared/errors.ts'
import { maskPasswords } from '#shared/masking.ts'

const DEFAULT_PORT = 11_434

/** The base URL, without a slash at its end. Throws CONFIGURATION_INVALID for what no address can be made of. */
export function ollamaAddress(text: string): URL {
  const trimmed = text.trim().replace(/^["']|["']$/g, '')
  const [scheme, rest] = trimmed.includes('://') ? splitOnce(trimmed, '://') : ['http', trimmed]
  if (scheme !== 'http' && scheme !== 'https') throw invalid(text)
  const [authority, path] = splitOnce(rest, '/')
  const hasScheme = trimmed.includes('://')
  const defaultPort = hasScheme ? (scheme === 'https' ? 443 : 80) : DEFAULT_PORT
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const isBareIpv6 = host.split(':').length > 2 && !host.startsWith('[')
  const url = parse(
    `${scheme}://${isBareIpv6 ? `[${authority}]` : authority.startsWith(':') ? `127.0.0.1${authority}` : authority || '127.0.0.1'}`,
  )
  if (url === null) throw invalid(text)
  // URL drops a port that is the scheme's own; only the text tells whether one was given.
  if (url.port === '' && (isBareIpv6 || !/:\d+$/.test(host))) url.port = String(defaultPort)
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (url.hostname === '[::]') url.hostname = '[::1]'
  url.pathname = path.replace(/\/+$/, '')
  return url
}

/** What operators see: host and port, no credentials, no path. */
export function ollamaHostName(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
}

function splitOnce(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + separator.length)]
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function invalid(text: string): TributaryError {
  return new TributaryError(
    'CONFIGURATION_INVALID',
    `OLLAMA_HOST is "${maskPasswords(text)}"; expected an address such as 127.0.0.1:11434, gpu-box or https://ollama.example.org.`,
  )
}
