// Who may import whom (docs/architecture.md has the table). A rule that is broken is a design question, not a thing to switch off.
const own = '^subgraphs/$1/'
const tests = '([.](test|contract|fixture)[.]ts$|/testing/)'
const harness = '^test/'
/** Where things are constructed; `doctor.ts` and the files in `doctor/` give the checks of `tributary doctor`, `transfer.ts` moves a workspace, `extract-file.ts` is a command that developers run. */
const roots = '^subgraphs/[^/]+/((main|worker|doctor|transfer|extract-file)[.]ts$|doctor/)'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'shared-imports-only-shared',
      severity: 'error',
      from: { path: '^shared/', pathNot: tests },
      to: { path: '^(?!shared/|node_modules/)', pathNot: '^(node:)?[a-z_/]+$', dependencyTypesNot: ['core'] },
    },
    {
      name: 'contracts-import-only-shared',
      severity: 'error',
      from: { path: '^contracts/', pathNot: tests },
      to: { path: '^(gateway|subgraphs|schema|cli|deploy|test)/' },
    },
    {
      name: 'gateway-knows-no-subgraph',
      severity: 'error',
      from: { path: '^gateway/', pathNot: tests },
      to: { path: '^(subgraphs|schema|cli|deploy|test)/' },
    },
    {
      name: 'subgraph-knows-no-other',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/' },
      to: { path: '^subgraphs/', pathNot: own },
    },
    {
      name: 'subgraph-stays-inside',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/', pathNot: tests },
      to: { path: '^(gateway|schema|cli|deploy|test)/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/domain/', pathNot: tests },
      to: { path: '^(shared|contracts|subgraphs)/', pathNot: '^subgraphs/$1/domain/' },
    },
    {
      name: 'domain-does-no-io',
      severity: 'error',
      from: { path: '^subgraphs/[^/]+/domain/', pathNot: tests },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|net|http|https|child_process|worker_threads|dgram|tls)' },
    },
    {
      name: 'ports-know-the-domain-only',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/ports/', pathNot: tests },
      to: { path: '^(shared|contracts|subgraphs)/', pathNot: '^(subgraphs/$1/(domain|ports)/|shared/errors[.]ts)' },
    },
    {
      name: 'adapters-know-ports-and-domain',
      severity: 'error',
      from: { path: '^subgraphs/([^/]+)/adapters/', pathNot: tests },
      to: { path: '^(subgraphs|contracts)/', pathNot: '^subgraphs/$1/(domain|ports|adapters|tables[.]ts)' },
    },
    {
      name: 'use-cases-know-no-adapter',
      severity: 'error',
      from: {
        path: '^subgraphs/([^/]+)/',
        pathNot: `(${roots}|^subgraphs/[^/]+/((domain|ports|adapters|resolvers)/|(loaders|permissions|context)[.]ts$)|${tests})`,
      },
      to: { path: `(^subgraphs/$1/((adapters|resolvers)/|(loaders|permissions)[.]ts$)|${roots})` },
    },
    {
      name: 'resolvers-reach-no-adapter',
      severity: 'error',
      from: { path: '^subgraphs/[^/]+/(resolvers/|loaders[.]ts|permissions[.]ts)', pathNot: tests },
      to: { path: `(^subgraphs/[^/]+/(adapters|ports)/|${roots})` },
    },
    {
      name: 'cli-is-a-client',
      severity: 'error',
      from: { path: '^cli/', pathNot: tests },
      to: { path: '^(gateway|subgraphs|contracts|shared|deploy|schema|test)/', pathNot: '^schema/operations/' },
    },
    {
      name: 'standalone-starts-roots',
      severity: 'error',
      from: { path: '^deploy/standalone/', pathNot: tests },
      to: {
        path: '^(gateway|subgraphs|schema|cli)/',
        pathNot:
          '^(gateway/(main|begin-planning|config|telemetry/settings)[.]ts|subgraphs/[^/]+/(main|worker|config)[.]ts|cli/(client|terminal)/)',
      },
    },
    {
      name: 'doctor-asks-doctors',
      severity: 'error',
      from: { path: '^deploy/doctor/', pathNot: tests },
      to: {
        path: '^(gateway|subgraphs|schema|cli)/',
        pathNot: '^(gateway/config[.]ts|subgraphs/[^/]+/(doctor|config)[.]ts|cli/(client|terminal)/)',
      },
    },
    {
      name: 'standalone-knows-no-doctor',
      severity: 'error',
      from: { path: '^deploy/standalone/' },
      to: { path: '^deploy/doctor/' },
    },
    {
      name: 'transfer-opens-transfers',
      severity: 'error',
      from: { path: '^deploy/transfer/', pathNot: tests },
      to: {
        path: '^(gateway|subgraphs|schema|cli|test)/',
        pathNot: '^(subgraphs/[^/]+/transfer[.]ts|cli/((client|terminal)/|version[.]ts))',
      },
    },
    {
      name: 'standalone-moves-nothing',
      severity: 'error',
      from: { path: '^deploy/standalone/', pathNot: tests },
      to: { path: '^deploy/transfer/' },
    },
    {
      name: 'nobody-imports-standalone',
      severity: 'error',
      from: { pathNot: `^(deploy|docs|test)/|${tests}` },
      to: { path: '^deploy/' },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: `(${tests}|${harness})` },
      to: { path: `(${tests}|${harness})` },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '[.]generated[.]ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
}
