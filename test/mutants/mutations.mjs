// The mutants of a TypeScript file: every change of one operator, number, truth value, condition or statement. Types, texts and imports
// stay as they are; so do messages, and the samples that tests run classes and primitives on.
import { createHash } from 'node:crypto';
import ts from 'typescript';

const { SyntaxKind: K } = ts;

/** What stands for an operator. */
const OPERATORS = new Map([
  [K.PlusToken, '-'],
  [K.MinusToken, '+'],
  [K.AsteriskToken, '/'],
  [K.SlashToken, '*'],
  [K.PercentToken, '*'],
  [K.AsteriskAsteriskToken, '*'],
  [K.LessThanToken, '<='],
  [K.LessThanEqualsToken, '<'],
  [K.GreaterThanToken, '>='],
  [K.GreaterThanEqualsToken, '>'],
  [K.EqualsEqualsEqualsToken, '!=='],
  [K.ExclamationEqualsEqualsToken, '==='],
  [K.EqualsEqualsToken, '!='],
  [K.ExclamationEqualsToken, '=='],
  [K.AmpersandAmpersandToken, '||'],
  [K.BarBarToken, '&&'],
  [K.PlusEqualsToken, '-='],
  [K.MinusEqualsToken, '+='],
  [K.AsteriskEqualsToken, '/='],
  [K.SlashEqualsToken, '*='],
  [K.AmpersandToken, '|'],
  [K.BarToken, '&'],
  [K.LessThanLessThanToken, '>>'],
  [K.GreaterThanGreaterThanToken, '<<'],
]);

const isText = (node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
const mayBeText = (node) => ts.isBinaryExpression(node) && [node.left, node.right].some((side) => isText(side) || mayBeText(side));

/** Whether nothing below the node computes: types, imports, declarations without code, texts and what is thrown. */
const isSilent = (node) =>
  ts.isTypeNode(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isImportDeclaration(node) ||
  ts.isExportDeclaration(node) ||
  ts.isThrowStatement(node) ||
  ts.isNewExpression(node) && /Error$/.test(node.expression.getText()) ||
  isText(node) ||
  Boolean(ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Ambient);

/** Calls whose arrays are samples, or the domain that samples are drawn from. */
const SAMPLED = new Set(['primitive', 'unary', 'binary']);

/** Whether a node describes what tests run on: `static samples`, the samples of a primitive or its domain. */
function isSample(node, file) {
  if (ts.isPropertyDeclaration(node)) return node.name.getText() === 'samples';
  if (!file.startsWith('lib/ops/primitives/')) return false;
  if (ts.isCallExpression(node)) return node.expression.getText() === 'caseOf';
  return ts.isArrayLiteralExpression(node) && ts.isCallExpression(node.parent) && SAMPLED.has(node.parent.expression.getText());
}

/** The changes of a node alone: a kind, the replaced range and what comes there. */
function* changesOf(node, source) {
  const change = (kind, from, to, text) => ({ kind, start: from, end: to, text });
  const start = node.getStart(source);
  if (ts.isBinaryExpression(node)) {
    const operator = OPERATORS.get(node.operatorToken.kind);
    if (operator && !mayBeText(node)) yield change('operator', node.operatorToken.getStart(source), node.operatorToken.end, operator);
    if (node.operatorToken.kind === K.QuestionQuestionToken)
      yield change('operator', start, node.end, `((${node.left.getText(source)}) && (${node.right.getText(source)}))`);
  } else if (ts.isPrefixUnaryExpression(node)) {
    const text = node.operand.getText(source);
    if (node.operator === K.ExclamationToken) yield change('negation', start, node.end, text);
    if (node.operator === K.MinusToken) yield change('sign', start, node.end, text);
    if (node.operator === K.PlusPlusToken) yield change('step', start, node.end, `--${text}`);
    if (node.operator === K.MinusMinusToken) yield change('step', start, node.end, `++${text}`);
  } else if (ts.isPostfixUnaryExpression(node)) {
    yield change('step', start, node.end, `${node.operand.getText(source)}${node.operator === K.PlusPlusToken ? '--' : '++'}`);
  } else if (ts.isNumericLiteral(node) && !ts.isPropertyAssignment(node.parent, node)) {
    yield change('number', start, node.end, node.text === '1' ? '0' : String(Number(node.text) + 1));
  } else if (node.kind === K.TrueKeyword || node.kind === K.FalseKeyword) {
    yield change('truth', start, node.end, node.kind === K.TrueKeyword ? 'false' : 'true');
  } else if (ts.isConditionalExpression(node) || ts.isIfStatement(node) || ts.isWhileStatement(node)) {
    const condition = node.condition ?? node.expression;
    yield change('condition', condition.getStart(source), condition.end, `!(${condition.getText(source)})`);
  } else if (ts.isExpressionStatement(node) && !/^(super\b|import\b|'use )/.test(node.getText(source))) {
    yield change('statement', start, node.end, ';');
  }
}

/** All mutants of a file: kind, line, the line's text, range, replacement, and an id that other lines of the file do not change. */
export function mutantsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lines = text.split('\n');
  const found = [];
  const seen = new Map();
  const visit = (node) => {
    if (isSilent(node) || isSample(node, file)) return;
    for (const change of changesOf(node, source)) {
      const { line, character } = source.getLineAndCharacterOfPosition(change.start);
      const code = lines[line].trim();
      const place = `${file}\n${code}\n${character - lines[line].indexOf(code)}\n${change.kind}`;
      const count = seen.get(place) ?? 0; // lines of the same text
      seen.set(place, count + 1);
      const id = createHash('sha256').update(`${place}\n${count}`).digest('hex').slice(0, 16);
      found.push({ id, file, line: line + 1, code, was: text.slice(change.start, change.end), ...change });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The text with the change of a mutant. */
export const mutate = (text, { start, end, text: replacement }) => text.slice(0, start) + replacement + text.slice(end);

/** A sample of `count`, the same for the same seed; mutants of files that did not change stay in it. */
export function sample(mutants, count, seed) {
  const rank = ({ id }) => createHash('sha256').update(`${seed} ${id}`).digest('hex');
  const ranked = mutants.map((mutant) => ({ mutant, rank: rank(mutant) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, count).map(({ mutant }) => mutant);
}
