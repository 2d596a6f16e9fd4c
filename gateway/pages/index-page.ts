// The page at `/`: what runs here, and every example operation one click away, in Sandbox and in the bundled GraphiQL.
import { AUTHORIZATION_TEMPLATE } from '../auth/authenticate.ts'
import type { ExampleOperation } from './example-operations.ts'

export function renderIndexPage(options: { endpoint: string; operations: readonly ExampleOperation[] }): string {
  const rows = options.operations
    .map((operation) => {
      const variables: Record<string, string> = operation.variables ? { variables: operation.variables } : {}
      const sandbox = `https://studio.apollographql.com/sandbox/explorer?${new URLSearchParams({ endpoint: options.endpoint, document: operation.document, ...variables, headers: JSON.stringify({ Authorization: AUTHORIZATION_TEMPLATE }) })}`
      const graphiql = `graphiql?${new URLSearchParams({ query: operation.document, ...variables })}`
      return `<tr><td><code>${escapeHtml(operation.name)}</code></td><td>${escapeHtml(operation.summary)}</td><td><a href="${escapeHtml(sandbox)}">Sandbox</a></td><td><a href="${escapeHtml(graphiql)}">GraphiQL</a></td></tr>`
    })
    .join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tributary</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #d8dee4; vertical-align: top }
code { font-size: .9em } a { color: #0550ae }
@media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117 } td, th { border-color: #30363d } a { color: #79c0ff } }
</style>
</head>
<body>
<h1>Tributary</h1>
<p>One federated GraphQL API: <code>${escapeHtml(options.endpoint)}</code>. Explore it in
<a href="graphql">Apollo Sandbox</a>, or, without a way to Apollo's network, in <a href="graphiql">GraphiQL</a>.</p>
<p>Every operation needs an API key. In both, put yours under Headers, for subscriptions too:
<code>Authorization: ${escapeHtml(AUTHORIZATION_TEMPLATE)}</code>. The first <code>npm start</code> prints one and keeps it in <code>.tributary/credentials.json</code>
(or the data folder you chose); an administrator makes more with <code>npx tributary keys create NAME</code>.
Other clients send it as a header over HTTP, and over WebSocket as <code>Authorization</code> in the connection parameters.</p>
<h2>Operations to start from</h2>
<table>
<tr><th>Operation</th><th>What it shows</th><th></th><th></th></tr>
${rows}
</table>
<p><a href="health">/health</a> · <a href="ready">/ready</a> · <a href="metrics">/metrics</a></p>
</body>
</html>
`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
