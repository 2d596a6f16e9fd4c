// Puts graphql-shield's rules on a schema in place.
//
// Not graphql-middleware's applyMiddleware: it rebuilds the schema and drops `__resolveReference`, and where a subscription field has both
// `subscribe` and `resolve` it wraps `resolve` only, so that the work would start before the permission is asked.
import { defaultFieldResolver, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql'
import type { IMiddlewareFunction, IMiddlewareGenerator } from 'graphql-middleware'

type AnyResolver = GraphQLFieldResolver<unknown, unknown>

export function applyShield(
  schema: GraphQLSchema,
  shield: IMiddlewareGenerator<unknown, unknown, unknown>,
): GraphQLSchema {
  const middlewareByType = shield.generate(schema) as Record<string, Record<string, IMiddlewareFunction>>
  for (const [typeName, middlewareByField] of Object.entries(middlewareByType)) {
    const type = schema.getType(typeName)
    if (!isObjectType(type)) continue
    const fields = type.getFields()
    for (const [fieldName, middleware] of Object.entries(middlewareByField)) {
      const field = fields[fieldName]
      if (!field) continue
      if (type === schema.getSubscriptionType()) {
        if (field.subscribe) field.subscribe = throwReturnedErrors(guarded(middleware, field.subscribe))
      } else {
        field.resolve = guarded(middleware, field.resolve ?? defaultFieldResolver)
      }
    }
  }
  return schema
}

function guarded(middleware: IMiddlewareFunction, resolve: AnyResolver): AnyResolver {
  return (parent, args, context, info) =>
    (middleware as (resolve: AnyResolver, ...rest: Parameters<AnyResolver>) => unknown)(
      resolve,
      parent,
      args,
      context,
      info,
    )
}

/** Shield answers a refusal by returning the error; graphql-js understands that from `resolve`, but not from `subscribe`. */
function throwReturnedErrors(subscribe: AnyResolver): AnyResolver {
  return async (parent, args, context, info) => {
    const result: unknown = await subscribe(parent, args, context, info)
    if (result instanceof Error) throw result
    return result
  }
}
