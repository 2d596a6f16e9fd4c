// Where an upload is sent, by what the endpoint says and where it was reached.
import { expect, it } from 'vitest'
import { uploadAddress } from './upload-address.ts'

const UPLOAD = '/uploads/up_1?token=abc'

it.each([
  ['as it says', 'https://files.example.org', 'https://api.example.org/graphql', 'https://files.example.org'],
  ['as it says', 'http://127.0.0.1:4000', 'http://127.0.0.1:4000/graphql', 'http://127.0.0.1:4000'],
  ['beside the endpoint', 'http://localhost:4000', 'http://gpu-box:4000/graphql', 'http://gpu-box:4000'],
  ['beside the endpoint', 'http://127.0.0.1:4000', 'http://gpu-box:4000/graphql', 'http://gpu-box:4000'],
  ['beside the endpoint', 'http://[::1]:4000', 'http://gpu-box:4000/graphql', 'http://gpu-box:4000'],
  ['through a tunnel', 'http://localhost:4000', 'http://127.0.0.1:5000/graphql', 'http://127.0.0.1:5000'],
  ['below a path', 'http://localhost:4000', 'https://example.org/ai/graphql', 'https://example.org/ai'],
])('is sent %s: %s told by %s', (_how, origin, endpointUrl, expected) => {
  expect(uploadAddress({ given: origin + UPLOAD, endpointUrl, isAlwaysBeside: false })).toBe(expected + UPLOAD)
})

it('is sent beside the endpoint whatever it says, if so wanted', () => {
  const given = `https://public.example.org${UPLOAD}`
  const endpointUrl = 'http://localhost:4000/graphql'
  expect(uploadAddress({ given, endpointUrl, isAlwaysBeside: true })).toBe(`http://localhost:4000${UPLOAD}`)
})

it('is sent to a bucket as it says, since it is signed', () => {
  const given = 'http://127.0.0.1:9000/bucket/uploads/ws_1/up_1?X-Amz-Expires=60&X-Amz-Signature=abc'
  for (const isAlwaysBeside of [true, false])
    expect(uploadAddress({ given, endpointUrl: 'http://gpu-box:4000/graphql', isAlwaysBeside })).toBe(given)
})
