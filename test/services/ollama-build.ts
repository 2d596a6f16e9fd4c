// How the Ollama server is built from its Go module. 0.24.0 is the last release that the Go tools build alone. Needs Go, a C++ compiler, pip,
// and on Debian the headers of two packages.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { findPip } from '../../subgraphs/models/model-files/pip.ts'
import { aptInstall, goInstall, runTool, type Recipe } from './install.ts'

const VERSION = '0.24.0'
const MINIAUDIO = 'miniaudio-1.71'
const HEADER_PACKAGES = ['nlohmann-json3-dev', 'libstb-dev']

export const ollamaRecipe: Recipe = {
  name: 'ollama',
  version: VERSION,
  program: 'bin/ollama',
  duration: 'about five minutes',
  async install({ staging, workshop, signal }) {
    if (!existsSync('/usr/include/nlohmann/json.hpp') || !existsSync('/usr/include/stb/stb_image.h'))
      await aptInstall(HEADER_PACKAGES)
    const headers = await miniaudioHeaders(workshop, signal)
    // Without these instructions inference is three to ten times slower.
    const optimise = process.arch === 'x64' ? '-O3 -mavx2 -mfma -mf16c' : '-O3'
    await goInstall(`github.com/ollama/ollama@v${VERSION}`, staging, {
      signal,
      environment: {
        CGO_ENABLED: '1',
        CGO_CPPFLAGS: `-I${headers}`,
        CGO_CFLAGS: optimise,
        CGO_CXXFLAGS: `${optimise} -I${headers}`,
      },
    })
  },
}

/** One header that Ollama's module does not carry; the source package of Python's miniaudio does. */
async function miniaudioHeaders(directory: string, signal: AbortSignal): Promise<string> {
  const pip = await findPip({ signal })
  if (pip === null) throw new Error('pip is missing; install Python 3 with pip')
  const [command, ...args] = pip
  const wanted = MINIAUDIO.replace('-', '==')
  const download = ['download', '--no-deps', '--no-binary', ':all:', '--dest', directory, wanted]
  await runTool(command, [...args, ...download], { signal })
  await runTool('tar', ['xzf', path.join(directory, `${MINIAUDIO}.tar.gz`), '-C', directory], { signal })
  return path.join(directory, MINIAUDIO)
}
