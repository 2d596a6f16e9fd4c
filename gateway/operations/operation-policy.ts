// What may be sent to the endpoint at all: figures of the environment (gateway/config.ts), with the defaults that the platform's own operations pass
// with room (operation-limits.test.ts).
import type { Role } from '../../contracts/identity.ts'

export interface OperationLimits {
  /** Tokens of a document: names, punctuation, values. */
  tokens: number
  /** Fields inside fields, fragments written out. */
  depth: number
  aliases: number
  rootFields: number
  directives: number
  /** Estimated cost (operation-cost.ts). */
  cost: number
  /** Size of a list that says nothing about its size. */
  defaultListSize: number
}

export const DEFAULT_LIMITS: OperationLimits = {
  tokens: 5000,
  depth: 20,
  aliases: 50,
  rootFields: 20,
  directives: 50,
  cost: 50_000,
  defaultListSize: 10,
}

/** Who gets `extensions.cost` when asking for it. */
export type CostReport = 'off' | 'admin' | 'all'

export interface OperationPolicy {
  limits: OperationLimits
  /** Who may ask for `__schema` and `__type`; 'any': all who are known, and, on a loopback address, those who are not. */
  introspectionRoles: readonly Role[] | 'any'
  costReport: CostReport
}

export const DEFAULT_OPERATION_POLICY: OperationPolicy = {
  limits: DEFAULT_LIMITS,
  introspectionRoles: 'any',
  costReport: 'admin',
}

export const TRUSTED_DOCUMENT_MODES = ['off', 'log', 'require'] as const
export type TrustedDocumentMode = (typeof TRUSTED_DOCUMENT_MODES)[number]

export interface TrustedDocumentsOptions {
  /** `log` runs the others too and logs them, `require` refuses them. */
  mode: TrustedDocumentMode
  /** Path of the manifest; needed unless the mode is `off`. */
  manifest: string | null
  /** How often the file is looked at, in milliseconds. Default 1,000. */
  watchIntervalMs?: number
}
