// The supergraphs that answers are compared over, with what their arguments are worth asking for.
import { DEPOT_SUBGRAPHS, DEPOT_VALUES, openDepot } from './depot.ts'
import { LEDGER_SUBGRAPHS, LEDGER_VALUES, openLedger } from './ledger.ts'
import { LIBRARY_SUBGRAPHS, LIBRARY_VALUES, openLibrary } from './library.ts'
import { openShop, SHOP_SUBGRAPHS, SHOP_VALUES } from './shop.ts'
import type { SeededChance } from '../../../test/harness/seeded.ts'
import { generateOperation } from './generate-operation.ts'
import type { OpenedSupergraph } from './open-supergraph.ts'
import { prepareForTest, type PreparedForTest } from './prepare-for-test.ts'

interface TestSupergraph {
  name: string
  subgraphs: Readonly<Record<string, string>>
  open(): Promise<OpenedSupergraph>
  values: Readonly<Record<string, readonly unknown[]>>
}

export const TEST_SUPERGRAPHS: readonly TestSupergraph[] = [
  { name: 'shop', subgraphs: SHOP_SUBGRAPHS, open: openShop, values: SHOP_VALUES },
  { name: 'library', subgraphs: LIBRARY_SUBGRAPHS, open: openLibrary, values: LIBRARY_VALUES },
  { name: 'depot', subgraphs: DEPOT_SUBGRAPHS, open: openDepot, values: DEPOT_VALUES },
  { name: 'ledger', subgraphs: LEDGER_SUBGRAPHS, open: openLedger, values: LEDGER_VALUES },
]

/** A valid operation over an opened supergraph; every third one is a mutation where there are any. */
export function generateFor(
  graph: OpenedSupergraph,
  values: TestSupergraph['values'],
  chance: SeededChance,
): PreparedForTest {
  const schema = graph.supergraph.apiSchema
  for (;;) {
    const kind = schema.getMutationType() && chance.below(3) === 0 ? 'mutation' : 'query'
    const { source, variables } = generateOperation(schema, chance, {
      kind,
      depth: 3,
      breadth: 4,
      hasConditions: true,
      hasClashes: true,
      hasIntrospection: true,
      values,
    })
    const prepared = prepareForTest(graph, source, variables)
    if (prepared) return prepared
  }
}
