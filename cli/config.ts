// The variables that the command line reads. Only their names and descriptions are of use here, to the compiler and to
// docs/configuration.md: loading zod would take a third of the time that a command takes to start.
import { z } from 'zod'

export const configSchema = z.object({
  TRIBUTARY_URL: z
    .string()
    .optional()
    .describe(
      'Address of the endpoint; scheme and path may be left out. Unset: that of the platform that the data directory belongs to, else `http://127.0.0.1:4000/graphql`.',
    ),
  TRIBUTARY_API_KEY: z
    .string()
    .optional()
    .describe('API key to send. Unset: the one that the first start made and keeps in the data directory.'),
  TRIBUTARY_DATA_DIR: z
    .string()
    .optional()
    .describe(
      'Data directory of a platform on this machine, where its address and key are found. Unset: `.tributary` in the folder of the program.',
    ),
})

/** The environment, of which nothing else may be read. */
export type ClientEnvironment = { readonly [Name in keyof typeof configSchema.shape]?: string | undefined }
