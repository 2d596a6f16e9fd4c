// The resolvers of models, put together.
import { scalars } from '#shared/graphql/scalars.ts'
import type { Resolvers } from '../schema.generated.ts'
import { generationResolvers } from './generations.ts'
import { modelResolvers } from './models.ts'

export const resolvers: Resolvers = {
  ...scalars,
  ...modelResolvers,
  ...generationResolvers,
  Query: { ...modelResolvers.Query, ...generationResolvers.Query },
}
