// Python's `str.format` for numbers and texts by name: the templates of file names that Keras users write, as
// 'epoch-{epoch:02d}-{val_loss:.2f}.keras'.
import { didYouMean, show } from './errors.js';
import { fixed, floatRepr, grouped, scientific } from './format.js';

/** A value of a template: a whole number, as Python's `int`, a float, or a text. */
export type FieldValue = { readonly int: number } | { readonly float: number } | string;

const SPEC = /^(?:(.)?([<>=^]))?([+ -])?(0)?(\d+)?(,|_)?(?:\.(\d+))?([a-zA-Z%])?$/su;

/**
 * A template with its fields `{name}`, `{name:format}` filled in; `{{` and `}}` stand for braces.
 * @throws for a name that has no value, and for a format that Python does not know either.
 */
export function formatFields(template: string, values: Readonly<Record<string, FieldValue>>): string {
  return template.replaceAll(/\{\{|\}\}|\{([^{}:]*)(?::([^{}]*))?\}|[{}]/gu, (match, name: string | undefined, spec = '') => {
    if (match === '{{' || match === '}}') return match[0]!;
    if (name === undefined) throw new SyntaxError(`${show(template)}: a single ${match}; write ${match}${match} for the character`);
    if (!Object.hasOwn(values, name)) {
      const names = Object.keys(values);
      throw new RangeError(`${show(template)}: '${name}' has no value${didYouMean(name, names)}; there are ${names.join(', ')}`);
    }
    return formatValue(values[name]!, spec as string, template);
  });
}

function formatValue(value: FieldValue, spec: string, template: string): string {
  const parsed = SPEC.exec(spec);
  const bad = (): never => {
    throw new SyntaxError(`${show(template)}: '${spec}' is no format for ${show(typeof value === 'string' ? value : Object.values(value)[0])}`);
  };
  if (parsed === null) return bad();
  const [, fill, align, sign = '-', zero, width = '0', group, precision, type] = parsed;
  const isText = typeof value === 'string';
  if (isText && (type ?? 's') !== 's') return bad();
  const body = isText
    ? { sign: '', digits: value.slice(0, precision === undefined ? undefined : Number(precision)) }
    : signed(numberText(value, type, precision === undefined ? null : Number(precision), bad), sign);
  const digits = group === undefined ? body.digits : withSeparators(body.digits, group);
  const missing = Math.max(0, Number(width) - body.sign.length - [...digits].length);
  const pad = (fill ?? (zero === undefined ? ' ' : '0')).repeat(missing);
  switch (align ?? (isText ? '<' : zero === undefined ? '>' : '=')) {
    case '<': return body.sign + digits + pad;
    case '=': return body.sign + pad + digits;
    case '^': return pad.slice(0, Math.floor(missing / 2)) + body.sign + digits + pad.slice(Math.floor(missing / 2));
    default: return pad + body.sign + digits;
  }
}

const signed = (text: string, sign: string): { sign: string; digits: string } =>
  text.startsWith('-') ? { sign: '-', digits: text.slice(1) } : { sign: sign === '-' ? '' : sign, digits: text };

function withSeparators(digits: string, separator: string): string {
  const [, whole, rest] = /^(\d*)(.*)$/su.exec(digits)!;
  return grouped(whole as unknown as number).replaceAll(',', separator) + rest!;
}

function numberText(value: Exclude<FieldValue, string>, type: string | undefined, precision: number | null, bad: () => never): string {
  const isInt = 'int' in value;
  const number = isInt ? value.int : value.float;
  switch (type) {
    case undefined:
      if (isInt) return precision === null ? String(number) : bad();
      return precision === null ? floatRepr(number) : general(number, precision, true);
    case 'd': return isInt && precision === null ? String(number) : bad();
    case 'x': case 'X': case 'o': case 'b': {
      if (!isInt || precision !== null) return bad();
      const text = number.toString({ x: 16, X: 16, o: 8, b: 2 }[type]);
      return type === 'X' ? text.toUpperCase() : text;
    }
    case 'f': case 'F': return fixed(number, precision ?? 6);
    case 'e': return scientific(number, precision ?? 6);
    case 'E': return scientific(number, precision ?? 6).toUpperCase();
    case 'g': return general(number, precision ?? 6, false);
    case 'G': return general(number, precision ?? 6, false).toUpperCase();
    case '%': return `${fixed(number * 100, precision ?? 6)}%`;
    default: return bad();
  }
}

/** As Python's `g`: so many significant digits, without zeros at the end; `keepsPoint` as for floats without a type. */
function general(x: number, precision: number, keepsPoint: boolean): string {
  if (!Number.isFinite(x)) return fixed(x, 0);
  const digits = Math.max(1, precision);
  const exponent = Number(x.toExponential(digits - 1).split('e')[1]);
  const trimmed = (text: string): string => text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
  if (exponent < -4 || exponent >= (keepsPoint ? digits - 1 : digits)) return trimmed(scientific(x, digits - 1));
  const text = trimmed(fixed(x, digits - 1 - exponent));
  return keepsPoint && !text.includes('.') ? `${text}.0` : text;
}
