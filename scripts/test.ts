/**
 * `npm test [-- PATTERN …]`: runs all tests and closes with `N passed, N failed, N skipped`.
 * With REQUIRE_SERVICES=1 a component that the machine lacks is a failure, not a skipped test.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runNode, tools } from "./run.ts";

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  numPendingTests: number;
  numTodoTests: number;
}

const folder = mkdtempSync(join(tmpdir(), "doorbell-report-"));
const file = join(folder, "report.json");
const code = await runNode([
  ...tools.tests,
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${file}`,
  ...process.argv.slice(2),
]);
const report = JSON.parse(readFileSync(file, "utf8")) as Report;
rmSync(folder, { recursive: true });
// A file that fails outside its tests fails no test: it still counts.
const failed = Math.max(report.numFailedTests, code === 0 ? 0 : 1);
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
process.exit(code);
