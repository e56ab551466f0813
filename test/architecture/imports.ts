import { posix } from 'node:path';
import ts from 'typescript';
import type { Sources } from './sourceFiles.ts';

/** One import, re-export, `import()` or `import type` in a file. */
export interface Import {
  readonly specifier: string;
  /** The file a relative specifier leads to, from the project's root; null for packages and `node:` modules. */
  readonly target: string | null;
  /** Gone once compiled. */
  readonly typeOnly: boolean;
}

export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

/** What each file imports, read from its syntax tree: no text in a comment or a string can pass for an import. */
export function importGraph(sources: Sources): ImportGraph {
  return new Map([...sources].map(([file, text]) => [file, importsOf(file, text)]));
}

function importsOf(file: string, text: string): Import[] {
  const imports: Import[] = [];
  const note = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const relative = specifier.text.startsWith('.');
    const target = relative ? posix.join(posix.dirname(file), specifier.text) : null;
    imports.push({ specifier: specifier.text, target, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) note(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    else if (ts.isExportDeclaration(node)) note(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      note(node.arguments[0], false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal, true);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true));
  return imports;
}

/** One way round for each knot of files that import one another: `[a, b, a]`. Types count: a knot is a knot. */
export function findCycles(graph: ImportGraph): string[][] {
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[][] = [];
  const walk = (file: string): void => {
    const from = path.indexOf(file);
    if (from >= 0) cycles.push([...path.slice(from), file]);
    if (from >= 0 || done.has(file)) return;
    path.push(file);
    for (const { target } of graph.get(file) ?? []) if (target !== null && graph.has(target)) walk(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) walk(file);
  return cycles;
}

/** The chain of run-time imports by which a file reaches a specifier that `matches`, or null. */
export function findChain(graph: ImportGraph, start: string, matches: (specifier: string) => boolean): string[] | null {
  const seen = new Set<string>();
  const walk = (file: string): string[] | null => {
    seen.add(file);
    for (const { specifier, target, typeOnly } of graph.get(file) ?? []) {
      if (typeOnly) continue;
      if (matches(specifier)) return [file, specifier];
      if (target === null || seen.has(target)) continue;
      const rest = walk(target);
      if (rest !== null) return [file, ...rest];
    }
    return null;
  };
  return walk(start);
}
