// Names of span attributes. Those of the semantic conventions that are not stable yet are written out here, as the conventions advise
// (https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/); those of our own begin with `tributary.`.
export { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE } from '@opentelemetry/semantic-conventions'

export const ATTR_GRAPHQL_DOCUMENT = 'graphql.document'
export const ATTR_GRAPHQL_OPERATION_NAME = 'graphql.operation.name'
export const ATTR_GRAPHQL_OPERATION_TYPE = 'graphql.operation.type'
export const ATTR_HTTP_RESPONSE_BODY_SIZE = 'http.response.body.size'

/** The same as in log lines and in the `x-request-id` of subgraphs. */
export const ATTR_REQUEST_ID = 'tributary.request.id'
/** Every code of an operation's errors. */
export const ATTR_ERROR_CODES = 'tributary.error.codes'
export const ATTR_SUBGRAPH = 'tributary.subgraph.name'
