/**
 * node countTests.mjs REPORT passed|failed: reads vitest's JSON report, prints "PASSED FAILED" on stdout, and on stderr
 * which tests failed and which were skipped (their names say why). A file that could not be loaded is one failure, and
 * so is a run that failed without a failed test.
 */
import { readFileSync } from 'node:fs';

const [report, outcome] = process.argv.slice(2);
const files = readReport(report);
const tests = files.flatMap((file) => file.assertionResults);
const withStatus = (...statuses) => tests.filter(({ status }) => statuses.includes(status));

const failures = [
  ...withStatus('failed').map(({ fullName }) => fullName),
  ...files
    .filter((file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'))
    .map((file) => `${file.name}: ${file.message.split('\n')[0]}`),
];
const ran = outcome === 'passed' && tests.length > 0;
if (failures.length === 0 && !ran) failures.push('the test run itself');
for (const name of failures) console.error(`failed: ${name}`);
for (const { fullName } of withStatus('skipped', 'pending', 'todo', 'disabled')) console.error(`skipped: ${fullName}`);
console.log(`${withStatus('passed').length} ${failures.length}`);

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    return [];
  }
}
