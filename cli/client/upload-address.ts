// Where the bytes of an upload go. An endpoint that was not told its public address gives out one that is right on its own machine only
// (`http://localhost:4000/…`); seen from another, the same path beside the endpoint's own address is meant. An address in a bucket is signed
// with its host, and good as it is only.

export interface UploadAddressOptions {
  /** `Upload.url`. */
  given: string
  /** The endpoint that gave it, `http://host:port/graphql`. */
  endpointUrl: string
  /** Beside the endpoint whatever the address says. */
  isAlwaysBeside: boolean
}

export function uploadAddress({ given, endpointUrl, isAlwaysBeside }: UploadAddressOptions): string {
  const url = new URL(given)
  if (url.searchParams.has('X-Amz-Signature')) return given
  if (!isAlwaysBeside && (!isLoopback(url.hostname) || url.origin === new URL(endpointUrl).origin)) return given
  // Relative to the folder that the endpoint is in, which need not be the root of its host.
  return new URL(`.${url.pathname}${url.search}`, endpointUrl).href
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
