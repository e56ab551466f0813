import ts from 'typescript';

/** What every JavaScript engine computes to the same bits: IEEE 754 operations, exact integer ones, fixed constants. */
const PORTABLE_MATH = new Set([
  ...['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'],
  ...['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'],
]);

/** Names that bring in a clock, a locale or the process. */
const IMPURE_GLOBALS = new Set([
  ...['Date', 'performance', 'console', 'process', 'globalThis', 'Intl', 'crypto', 'setTimeout', 'setInterval'],
]);
const IMPURE_METHODS = new Set(['localeCompare', 'toLocaleString', 'toLocaleUpperCase', 'toLocaleLowerCase']);

/** One line for each construct whose result may depend on the machine, the locale or the time; empty when there is none. */
export function portabilityBreaches(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const constants = constantsOf(source);
  const own = declaredNames(source);
  const breaches: string[] = [];
  const visit = (node: ts.Node): void => {
    const breach = breachOf(node, constants, own);
    if (breach !== null) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      breaches.push(`${file}:${line + 1}: ${breach}`);
    }
    if (!ts.isTypeNode(node)) ts.forEachChild(node, visit);
  };
  visit(source);
  return breaches;
}

function breachOf(node: ts.Node, constants: ReadonlySet<string>, own: ReadonlySet<string>): string | null {
  if (ts.isForInStatement(node)) return 'for...in';
  if (ts.isBinaryExpression(node)) return powerBreach(node, constants);
  if (ts.isPropertyAccessExpression(node) && IMPURE_METHODS.has(node.name.text)) return node.name.text;
  if (!ts.isIdentifier(node) || own.has(node.text) || isOnlyAName(node)) return null;
  if (node.text === 'Math') return mathBreach(node);
  return IMPURE_GLOBALS.has(node.text) ? node.text : null;
}

/** `**` is Math.pow: fine when the operands are known beforehand (2 ** 50), for those are the same everywhere. */
function powerBreach(node: ts.BinaryExpression, constants: ReadonlySet<string>): string | null {
  const kind = node.operatorToken.kind;
  if (kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken) return '**= on a variable';
  if (kind !== ts.SyntaxKind.AsteriskAsteriskToken) return null;
  return isConstant(node.left, constants) && isConstant(node.right, constants) ? null : '** on a variable';
}

function mathBreach(math: ts.Identifier): string | null {
  const { parent } = math;
  if (!ts.isPropertyAccessExpression(parent)) return 'Math as a value';
  return PORTABLE_MATH.has(parent.name.text) ? null : `Math.${parent.name.text}`;
}

/** A property's name, a key or a declared type: not the global of that name. */
function isOnlyAName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ((ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) && parent.name === node) ||
    ((ts.isPropertySignature(parent) || ts.isMethodDeclaration(parent)) && parent.name === node)
  );
}

/** Variables, parameters and imports of the file: `process` may be an arrival process. */
function declaredNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const declares = ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node);
    if ((declares || ts.isImportSpecifier(node)) && ts.isIdentifier(node.name)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Module constants that are whole numbers written out: `const BITS = 5;`. */
function constantsOf(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement) || (statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer !== undefined && ts.isNumericLiteral(initializer)) names.add(name.text);
    }
  }
  return names;
}

function isConstant(node: ts.Expression, constants: ReadonlySet<string>): boolean {
  if (ts.isParenthesizedExpression(node)) return isConstant(node.expression, constants);
  if (ts.isPrefixUnaryExpression(node)) return isConstant(node.operand, constants);
  if (ts.isIdentifier(node)) return constants.has(node.text);
  return ts.isNumericLiteral(node) || ts.isBigIntLiteral(node);
}
