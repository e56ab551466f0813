import { defineConfig } from 'vite';

/** The report page's program as one classic script, dist/web/report.js, to be put inside report.html. */
export default defineConfig({
  root: 'web/report',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    minify: true,
    lib: { entry: 'main.tsx', formats: ['iife'], name: 'dynosimReport', fileName: () => 'report.js' },
  },
});
