// Python programs for tests: a virtual environment of pinned packages, made by the Python 3 of the machine.
import path from 'node:path'
import { runTool } from './install.ts'

/** The interpreter of an environment, relative to its folder. Scripts beside it name the folder that they were made in, and do not outlive its move. */
export const PYTHON_PROGRAM = 'bin/python'

/** Fills `staging` with the packages that a file pins, each with its dependencies; nothing else is resolved. */
export async function createPythonEnvironment(
  staging: string,
  requirementsFile: string,
  signal: AbortSignal,
): Promise<void> {
  await runTool('python3', ['-m', 'venv', staging], { signal }).catch((cause: unknown) => {
    throw new Error('Python cannot make virtual environments; install Python 3.11 or newer with venv and pip', {
      cause,
    })
  })
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:']
  await runTool(path.join(staging, PYTHON_PROGRAM), [...install, '--requirement', requirementsFile], { signal })
}
