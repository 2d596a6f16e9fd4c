// The resolvers of the scalars that common.graphql declares in every subgraph.
import { DateTimeISOResolver, JSONResolver, SafeIntResolver, URLResolver } from 'graphql-scalars'

/** Long answers JSON numbers: byte and token counts stay far below 2^53, which SafeInt enforces. */
export const scalars = {
  DateTime: DateTimeISOResolver,
  Long: SafeIntResolver,
  URL: URLResolver,
  JSON: JSONResolver,
}
