// The variables that standalone mode reads beside those of the subgraphs.
import { z } from 'zod'
import { endpointVariables } from '../../gateway/config.ts'
import { telemetryVariables } from '../../gateway/telemetry/settings.ts'
import { blobVariables } from '../../contracts/open-blobs.ts'
import { logVariable } from '../../contracts/platform.ts'

export const configSchema = z.object({
  ...endpointVariables,
  TRIBUTARY_DATA_DIR: z
    .string()
    .optional()
    .describe(
      'Directory that everything is stored in. Unset: `.tributary` in the folder of the program. Used by one process at a time.',
    ),
  TRIBUTARY_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
    .optional()
    .describe(
      'Where clients reach the endpoint when that is not where it listens; addresses for uploads begin with it.',
    ),
  ...logVariable,
  ...telemetryVariables,
  ...blobVariables,
})
