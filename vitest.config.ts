import { defineConfig } from 'vitest/config';

/** Where .ci/run wants the results as JSON, beside what is printed. */
const report = process.env.DYNOSIM_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.ts', 'web/**/*.test.{ts,tsx}'],
    // Vitest leaves a core idle otherwise, which on two is half of them.
    maxWorkers: '100%',
    testTimeout: 180_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/drawnAlike.ts'],
    ...(report === undefined ? {} : { reporters: ['default', ['json', { outputFile: report }]] }),
  },
});
