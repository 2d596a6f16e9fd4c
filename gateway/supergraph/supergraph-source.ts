// Where supergraphs come from: the first, and each newer one for as long as the gateway runs.
export interface SupergraphSource {
  /** The text to begin with. Newer ones are told, valid or not. Throws CONFIGURATION_INVALID or UPSTREAM_UNAVAILABLE when there is none. */
  start(onChange: (sdl: string) => void): Promise<string>
  close(): Promise<void>
}
