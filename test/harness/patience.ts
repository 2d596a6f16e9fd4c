// What clients do on bad days: try again, and drop their line half way.
import { readdir, stat } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'

const PATIENCE_MS = 60_000
const PAUSE_MS = 100

/** Repeats calls that may be repeated until they succeed. Throws the last error when patience has run out. */
export async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/** Announces all bytes and sends half of them; the line stays open until it is dropped. */
export async function openHalfUpload(url: string, bytes: Uint8Array): Promise<{ drop(): Promise<void> }> {
  const { hostname, port, pathname, search, host } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.resume()
  socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${bytes.byteLength}\r\n\r\n`)
  await new Promise((resolve) => socket.write(bytes.subarray(0, bytes.byteLength / 2), resolve))
  return {
    drop() {
      socket.destroySoon()
      return closed
    },
  }
}

/** Sizes, by name, of the files in a data directory whose bytes are still on their way, or never came to their end. */
export async function partialUploads(dataDirectory: string): Promise<Map<string, number>> {
  const folder = path.join(dataDirectory, 'blobs', 'incoming')
  const names = await readdir(folder).catch(() => [])
  const files = await Promise.all(
    names.map(async (name) => {
      const found = await stat(path.join(folder, name)).catch(() => null)
      return found ? [[name, found.size] as const] : []
    }),
  )
  return new Map(files.flat())
}
