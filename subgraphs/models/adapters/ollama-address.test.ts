import { describe, expect, test } from 'vitest'
import { ollamaAddress, ollamaHostName } from './ollama-address.ts'

describe('ollamaAddress', () => {
  // Compared with envconfig.ConnectableHost of Ollama 0.24.0.
  test.for([
    ['', 'http://127.0.0.1:11434', '127.0.0.1:11434'],
    ['gpu-box', 'http://gpu-box:11434', 'gpu-box:11434'],
    ['gpu-box:1234', 'http://gpu-box:1234', 'gpu-box:1234'],
    [':1234', 'http://127.0.0.1:1234', '127.0.0.1:1234'],
    ['0.0.0.0', 'http://127.0.0.1:11434', '127.0.0.1:11434'],
    ['0.0.0.0:80', 'http://127.0.0.1', '127.0.0.1:80'],
    ['http://gpu-box', 'http://gpu-box', 'gpu-box:80'],
    ['http://gpu-box:11434/', 'http://gpu-box:11434', 'gpu-box:11434'],
    ['https://ollama.example.org', 'https://ollama.example.org', 'ollama.example.org:443'],
    ['https://ollama.example.org/base/', 'https://ollama.example.org/base', 'ollama.example.org:443'],
    ['[::1]:1234', 'http://[::1]:1234', '[::1]:1234'],
    ['::1', 'http://[::1]:11434', '[::1]:11434'],
    ['[::]', 'http://[::1]:11434', '[::1]:11434'],
    [' "gpu-box:1234" ', 'http://gpu-box:1234', 'gpu-box:1234'],
    ['http://user:secret@gpu-box:1', 'http://user:secret@gpu-box:1', 'gpu-box:1'],
  ] as const)('reads %j', ([text, href, name]) => {
    const url = ollamaAddress(text)
    expect(url.href.replace(/\/$/, '')).toBe(href)
    expect(ollamaHostName(url)).toBe(name)
  })

  test.for(['ftp://gpu-box', 'gpu box', 'gpu-box:99999'])('refuses %j', (text) => {
    expect(() => ollamaAddress(text)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }))
  })
})
