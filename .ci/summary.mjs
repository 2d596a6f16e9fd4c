// Adds up vitest's JSON reports and prints the closing line. Exits with 1 on any failure, or when a report is missing or has no test.
import { readFileSync } from 'node:fs'

let passed = 0
let failed = 0
let skipped = 0
for (const file of process.argv.slice(2)) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    passed += report.numPassedTests
    skipped += report.numPendingTests + (report.numTodoTests ?? 0)
    const unloaded = report.testResults.filter(
      (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
    ).length
    failed += report.numFailedTests + unloaded
    if (report.numTotalTests === 0) failed += 1
  } catch (error) {
    console.error(`No report of a suite: ${error.message}`)
    failed += 1
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
