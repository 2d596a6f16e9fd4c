// For `node --import ./bin/resolve-drizzle.js ROLE`: a role is loaded in two thirds of the time.
// To know what kind of module a file is, Node reads the `exports` of its package anew for every file. drizzle-orm's manifest has 180 kB of them and
// is asked for each of its hundred and more files, which are all ECMAScript modules and name each other by relative paths.
import module from 'node:module'

const PACKAGE = '/node_modules/drizzle-orm/'

module.registerHooks?.({
  resolve(specifier, context, next) {
    const isOwnFile =
      specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.includes(PACKAGE) === true
    return isOwnFile && !context.conditions.includes('require')
      ? { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
      : next(specifier, context)
  },
})
