// How the id of a model is made: within a workspace the same for the same name, in every process, installation and after every restart.
import { deterministicId } from '#shared/ids.ts'
import { modelDescriptionSchema, type ModelDescription } from './models-client.ts'

export const modelId = (workspaceId: string, { provider, name }: Pick<ModelDescription, 'provider' | 'name'>) =>
  deterministicId('model', workspaceId, provider, name)

/** The id that the model of that name has in another workspace; as it is where it was made of something else. */
export function modelIdElsewhere(
  id: string,
  name: string,
  workspaces: { sourceWorkspaceId: string; workspaceId: string },
): string {
  const provider = modelDescriptionSchema.shape.provider.options.find(
    (one) => modelId(workspaces.sourceWorkspaceId, { provider: one, name }) === id,
  )
  return provider === undefined ? id : modelId(workspaces.workspaceId, { provider, name })
}
