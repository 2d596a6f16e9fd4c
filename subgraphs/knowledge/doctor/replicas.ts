// Whether as many nodes can hold each chunk as are to hold it, and do.
import { failed, ok, warning, type Finding } from '../../../contracts/doctor.ts'

export interface FoundReplicas {
  /** Of the cluster. */
  nodes: number
  /** Nodes that hold each object of a collection, by its name. */
  factors: ReadonlyMap<string, number>
}

/** `wanted`: nodes that are to hold each chunk. */
export function judgeReplicas({ nodes, factors }: FoundReplicas, wanted: number): Finding {
  if (nodes < wanted)
    return failed(
      `each chunk is to be on ${wanted} nodes, and there ${nodes === 1 ? 'is one' : `are ${nodes}`}`,
      'Add nodes to Weaviate, or lower TRIBUTARY_WEAVIATE_REPLICAS.',
    )
  const others = [...factors].filter(([, factor]) => factor !== wanted)
  if (others.length > 0)
    return warning(
      others.map(([name, factor]) => `${name} was made for ${factor}, not for ${wanted}`).join('\n'),
      'Set TRIBUTARY_WEAVIATE_REPLICAS to what they have, or delete them and ingest their documents again.',
    )
  return ok(`each chunk on ${wanted} of ${nodes} node${nodes === 1 ? '' : 's'}`)
}
