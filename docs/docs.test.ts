// The documentation is run: every query and command of README and docs is executed against a running platform, and every link leads somewhere.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import compositionLibrary from '@apollo/composition'
import { isTypeSystemDefinitionNode, Kind, OperationTypeNode, parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { repositoryRoot, testEnvironment } from '../test/harness/environment.ts'
import { startStandalone, type RunningStandalone } from '../test/harness/standalone.ts'

const documents = [
  'README.md',
  ...readdirSync(path.join(repositoryRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]
const textOf = (document: string) => readFileSync(path.join(repositoryRoot, document), 'utf8')

interface Block {
  document: string
  language: string
  code: string
}
const blocks = documents.flatMap((document): Block[] =>
  [...textOf(document).matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    document,
    language: language!,
    code: code!,
  })),
)
const graphqlBlocks = blocks.filter(({ language }) => language === 'graphql')
const isSchema = ({ code }: Block) => parse(code).definitions.some(isTypeSystemDefinitionNode)
/** Each command of the shell blocks, continued lines joined, without the variables set before it. */
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ document, code }) =>
    code
      .replaceAll(/\\\n\s*/g, ' ')
      .trim()
      .split('\n')
      .map((line) => ({ document, command: line.replace(/^(?:[A-Z_]+=\S+ )+/, '') })),
  )

describe('links', () => {
  test.each(documents)('every relative link in %s leads to a file', (document) => {
    const targets = [...textOf(document).matchAll(/\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g)].map((match) =>
      path.join(repositoryRoot, path.dirname(document), match[1]!),
    )
    expect(targets.filter((target) => !existsSync(target))).toEqual([])
  })

  test('every folder on the map of the house exists', () => {
    const map = /^```text\n(.*?)^```$/ms.exec(textOf('README.md'))![1]!
    const folders = [...map.matchAll(/^(\w+)\/ /gm)].map((match) => match[1]!)
    expect(folders.length).toBeGreaterThan(5)
    expect(folders.filter((folder) => !existsSync(path.join(repositoryRoot, folder)))).toEqual([])
  })
})

test.each(graphqlBlocks.filter(isSchema))('the schema in $document composes', ({ document, code }) => {
  const { errors } = compositionLibrary.composeServices([
    { name: 'documented', url: 'http://localhost', typeDefs: parse(code) },
  ])
  expect(errors, document).toBeUndefined()
})

describe('commands', () => {
  const scripts = Object.keys((JSON.parse(textOf('package.json')) as { scripts: object }).scripts)
  const npmCommands = commands.filter(({ command }) => command.startsWith('npm '))

  test.each(npmCommands)('$command ($document) is a script', ({ command }) => {
    const name = command.split(' ')[1] === 'run' ? command.split(' ')[2]! : command.split(' ')[1]!
    expect(scripts).toContain(name)
  })

  test('every command is of a kind that is tested here', () => {
    const known = /^(npm (start|test|run)|npx tributary|node (test\/bench|gateway|subgraphs|schema))/
    expect(commands.filter(({ command }) => !known.test(command))).toEqual([])
  })

  test.each(commands.filter(({ command }) => command.startsWith('node ')))(
    '$command ($document) names a file that exists',
    ({ command }) => {
      const file = command.split(' ')[1]!
      expect(file.includes('<') || existsSync(path.join(repositoryRoot, file))).toBe(true)
    },
  )
})

describe('against a running platform', () => {
  let platform: RunningStandalone
  beforeAll(async () => {
    platform = await startStandalone()
  })
  afterAll(() => platform.close())

  test.each(commands.filter(({ command }) => command.startsWith('npx tributary')))(
    '$command',
    { timeout: 180_000 },
    async ({ command }) => {
      const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!).slice(2)
      const child = spawn(process.execPath, [path.join(repositoryRoot, 'bin/tributary.js'), ...words], {
        cwd: repositoryRoot,
        env: testEnvironment({ TRIBUTARY_URL: platform.url, TRIBUTARY_API_KEY: platform.adminApiKey }),
      })
      let output = ''
      child.stdout.on('data', (data: Buffer) => (output += data.toString()))
      child.stderr.on('data', (data: Buffer) => (output += data.toString()))
      const [code] = (await once(child, 'close')) as [number]
      expect(code, output).toBe(0)
      expect(output.length).toBeGreaterThan(10)
    },
  )

  test.each(blocks.filter(({ language }) => language === 'js'))(
    'the program in $document: $code',
    { timeout: 120_000 },
    async ({ code }) => {
      const { knowledgeBases } = await platform.client().query('{ knowledgeBases { nodes { id name } } }')
      const handbook = knowledgeBases.nodes.find(({ name }: { name: string }) => name === 'Handbook')
      const child = spawn(process.execPath, ['--input-type=module', '-'], {
        cwd: repositoryRoot,
        env: testEnvironment({ TRIBUTARY_API_KEY: platform.adminApiKey, KNOWLEDGE_BASE_ID: handbook.id }),
      })
      child.stdin.end(code.replaceAll('127.0.0.1:4000', new URL(platform.url).host))
      let written = ''
      let failed = ''
      child.stdout.on('data', (data: Buffer) => (written += data.toString()))
      child.stderr.on('data', (data: Buffer) => (failed += data.toString()))
      const [status] = (await once(child, 'close')) as [number]
      expect(status, failed).toBe(0)
      expect(written).toContain('Apache')
    },
  )

  test.each(graphqlBlocks.filter((block) => !isSchema(block)))(
    'the operation in $document: $code',
    { timeout: 120_000 },
    async ({ code }) => {
      const client = platform.client()
      const [definition] = parse(code).definitions
      if (definition?.kind !== Kind.OPERATION_DEFINITION)
        throw new Error('A block in the documentation is no operation.')
      if (definition.operation !== OperationTypeNode.SUBSCRIPTION) return void (await client.query(code))
      const { knowledgeBases } = await client.query('{ knowledgeBases(first: 1) { nodes { id } } }')
      const id = knowledgeBases.nodes[0]?.id ?? (await client.createKnowledgeBase('Documentation'))
      const results = []
      for await (const result of client.subscribe(code, {
        question: 'Which licence does Tributary have?',
        knowledgeBaseIds: [id],
      }))
        results.push(result)
      expect(results.flatMap(({ errors }) => errors ?? [])).toEqual([])
      expect(results.length).toBeGreaterThan(0)
    },
  )
})
