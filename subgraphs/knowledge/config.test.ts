// What addresses of vector stores may hold: their libraries drop a path or a password that they do not know, or say it in their errors.
import { expect, test } from 'vitest'
import { checkConfiguration } from '#shared/configuration.ts'
import { vectorStoreSchema } from './config.ts'

const problemsOf = (environment: Record<string, string>): string[] => {
  const outcome = checkConfiguration(vectorStoreSchema, environment)
  return 'problems' in outcome ? outcome.problems : []
}

test.each([
  ['QDRANT_URL', 'QDRANT_API_KEY'],
  ['WEAVIATE_URL', 'WEAVIATE_API_KEY'],
  ['WEAVIATE_GRPC_URL', 'WEAVIATE_API_KEY'],
  ['CHROMA_URL', 'CHROMA_TOKEN'],
])('%s with a user or a password is refused without showing it, and %s is named', (variable, keyVariable) => {
  for (const [user, shown] of [
    ['user:geheim', 'user:***'],
    ['user', 'user'],
    [':geheim', ':***'],
  ] as const)
    expect(problemsOf({ [variable]: `http://${user}@vectors:80` })).toEqual([
      `${variable} is "http://${shown}@vectors:80": expected no user or password in it; a key goes into ${keyVariable}`,
    ])
  expect(problemsOf({ [variable]: 'vectors:80' })).toEqual([expect.stringMatching(/: expected an http:/)])
})

test('a path is refused where the library of the store would drop it', () => {
  for (const variable of ['CHROMA_URL', 'WEAVIATE_GRPC_URL']) {
    expect(problemsOf({ [variable]: 'https://vectors/store' })).toEqual([
      `${variable} is "https://vectors/store": expected no path in it; give the store a host or a port of its own`,
    ])
    expect(problemsOf({ [variable]: 'https://vectors:8000/' })).toEqual([])
  }
  for (const variable of ['QDRANT_URL', 'WEAVIATE_URL'])
    expect(problemsOf({ [variable]: 'https://vectors/store' })).toEqual([])
})

test.each([
  ['TRIBUTARY_WEAVIATE_REPLICAS', ['1', '3'], ['0', '2.5', '-1', 'many']],
  ['CHROMA_TENANT', ['the house', '6f1c8a2e-0000-4000-8000-000000000000'], ['ab']],
  ['CHROMA_DATABASE', ['of.the_house-1'], ['ab', 'of the house', 'a/b', '-ab', 'ab.']],
])('%s is taken as %o and refused as %o', (variable, good, bad) => {
  for (const value of good) expect(problemsOf({ [variable]: value })).toEqual([])
  for (const value of bad)
    expect(problemsOf({ [variable]: value })).toEqual([expect.stringContaining(`${variable} is "${value}"`)])
})
