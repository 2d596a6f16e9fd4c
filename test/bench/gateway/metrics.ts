// What the gateway says of its own process at /metrics.

/** Figures without labels, by name. What is counted since the last time begins anew. */
export async function readMetrics(gatewayUrl: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(new URL('/metrics', gatewayUrl))).text()
  return new Map(
    text
      .split('\n')
      .map((line) => /^([a-z0-9_]+) (\S+)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, value]) => [name!, Number(value)]),
  )
}
