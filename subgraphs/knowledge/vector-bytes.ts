// A vector as the database keeps it: float32, little-endian, as it came from the models service.
export const vectorToBytes = (vector: Float32Array): Uint8Array =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)

export const vectorFromBytes = (bytes: Uint8Array): Float32Array =>
  // A copy: the driver's buffer may start anywhere, float32 may not.
  new Float32Array(Uint8Array.from(bytes).buffer)
