// What processes under test find in their environment: nothing of the developer's own but PATH, HOME and the model cache.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url))

export const ADMIN_API_KEY = 'trb_administrator_of_the_tests'

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'CI', 'XDG_CACHE_HOME', 'TRIBUTARY_CACHE_DIR', 'TRIBUTARY_MODELS_DIR']

export function testEnvironment(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    // Nothing listens there: an Ollama of the developer's own must not change what tests see.
    OLLAMA_HOST: 'http://127.0.0.1:9',
    // Compiled code kept between starts: a test starts the same files many times.
    NODE_COMPILE_CACHE: path.join(repositoryRoot, 'node_modules/.cache/tributary-compiled'),
    TRIBUTARY_ADMIN_API_KEY: ADMIN_API_KEY,
    TRIBUTARY_LOG_LEVEL: 'warn',
    ...variables,
  }
}
