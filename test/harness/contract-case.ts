// The cases of a contract suite, run on every adapter of a port. The suite is `describe('<Port> on <Adapter>')` and the title of a test is the
// name of its case, so that reports of all adapters can be laid side by side; an adapter skips a case by that name, with its reason.
import { test } from 'vitest'

/** Reasons by the name of the case. */
export type ContractSkips = Readonly<Record<string, string>>

export interface ContractCases {
  /** A case; `timeoutMs` where the runner's default is too short. */
  contract(name: string, run: () => Promise<void> | void, timeoutMs?: number): void
  /** After the last case. Throws when a skip names no case. */
  end(): void
}

export function contractCases(skips: ContractSkips = {}): ContractCases {
  const names = new Set<string>()
  return {
    contract(name, run, timeoutMs) {
      names.add(name)
      const reason = skips[name]
      if (reason === undefined) test(name, run, timeoutMs)
      else test.skip(`${name} (skipped: ${reason})`, run)
    },
    end() {
      const unknown = Object.keys(skips).filter((name) => !names.has(name))
      if (unknown.length > 0) throw new Error(`There are no such cases to skip: ${unknown.join('; ')}`)
    },
  }
}
