import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { rules } from './registry.ts'

const notRules = ['example.ts', 'registry.ts', 'rule.ts', 'walk.ts']

test('every rule file is registered under its name, and has a test', () => {
  const files = readdirSync(import.meta.dirname)
  const ruleFiles = files.filter((file) => !file.endsWith('.test.ts') && !notRules.includes(file))
  expect(rules.map(({ name }) => `${name}.ts`).toSorted()).toEqual(ruleFiles.toSorted())
  expect(ruleFiles.filter((file) => !files.includes(file.replace('.ts', '.test.ts')))).toEqual([])
})
