import { describe, expect, test } from 'vitest'
import { checkGenerationInput, type GenerationInput } from './generation.ts'

const input = (over: Partial<GenerationInput> = {}): GenerationInput => ({
  modelName: null,
  messages: [{ role: 'USER', content: 'Hi' }],
  ...over,
})

describe('checkGenerationInput', () => {
  test('accepts what is at the edges', () => {
    const stop = Array<string>(8).fill('x')
    expect(checkGenerationInput(input({ temperature: 0, topP: 1, maxTokens: 1, stop }))).toEqual([])
    expect(checkGenerationInput(input({ temperature: 2, topP: 0.01, seed: -5 }))).toEqual([])
    expect(checkGenerationInput(input({ temperature: null, topP: null, maxTokens: null, stop: null }))).toEqual([])
  })

  test.for([
    ['no messages', { messages: [] }, 'messages'],
    [
      'too many messages',
      { messages: Array.from({ length: 201 }, () => ({ role: 'USER', content: 'x' })) },
      'messages',
    ],
    ['empty messages', { messages: [{ role: 'USER', content: ' \n' }] }, 'messages'],
    ['a negative temperature', { temperature: -0.1 }, 'temperature'],
    ['a temperature that is not a number', { temperature: Number.NaN }, 'temperature'],
    ['topP 0', { topP: 0 }, 'topP'],
    ['maxTokens 0', { maxTokens: 0 }, 'maxTokens'],
    ['nine stop texts', { stop: Array(9).fill('x') }, 'stop'],
    ['an empty stop text', { stop: [''] }, 'stop'],
  ] as const)('names the field of %s', ([, over, field]) => {
    expect(checkGenerationInput(input(over as Partial<GenerationInput>))).toMatchObject([
      { code: 'INVALID', path: ['input', field] },
    ])
  })

  test('calls messages too long that no context can hold', () => {
    const messages = [{ role: 'USER' as const, content: 'x'.repeat(8_000_001) }]
    expect(checkGenerationInput(input({ messages }))).toMatchObject([
      { code: 'CONTEXT_TOO_LONG', path: ['input', 'messages'] },
    ])
  })
})
