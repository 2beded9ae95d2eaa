// Numbers in text as Python writes them: Keras's progress bar and tables are matched to the letter.

/** As Python's `f'{x:.<digits>f}'`: like `toFixed`, but a tie goes to the even digit. */
export function fixed(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (Math.abs(x) >= 1e21) return digits === 0 ? String(BigInt(x)) : `${BigInt(x)}.${'0'.repeat(digits)}`; // where toFixed gives an exponent
  // A tie has all its decimals among these; `toFixed` is exact.
  const exact = x.toFixed(digits + 50);
  const rest = exact.slice(exact.length - 50);
  if (!/^50*$/.test(rest)) return x.toFixed(digits);
  const cut = exact.slice(0, -50).replace(/\.$/, '');
  return Number(cut.at(-1)) % 2 === 0 ? cut : x.toFixed(digits);
}

/** As Python's `f'{x:.<digits>e}'`: the exponent has two digits. */
export function scientific(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const text = isTie(x, digits) ? evenTie(x, digits) : x.toExponential(digits);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Whether a number lies in the middle between two with so many decimals before the exponent. `toExponential` is exact. */
const isTie = (x: number, digits: number): boolean => digits <= 50 && /^50*$/.test(x.toExponential(digits + 50).split('e')[0]!.slice(-50));
/** `toExponential` of a tie, towards the even digit. */
function evenTie(x: number, digits: number): string {
  const [mantissa, exponent] = x.toExponential(digits + 50).split('e') as [string, string];
  const cut = mantissa.slice(0, -50).replace(/\.$/, '');
  return Number(cut.at(-1)) % 2 === 0 ? `${cut}e${exponent}` : x.toExponential(digits);
}

/** As Python's `repr` of a float: the shortest digits that give the number again, and `.0` for whole ones. */
export function floatRepr(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const [, sign, digits, exponent] = /^(-?)([\d.]+)e([+-]\d+)$/.exec(Object.is(x, -0) ? '-0e+0' : x.toExponential())!;
  const at = Number(exponent);
  if (at < -4 || at >= 16) return `${sign}${digits}e${exponent!.replace(/^([+-])(\d)$/, '$10$2')}`;
  const all = digits!.replace('.', '');
  if (at < 0) return `${sign}0.${'0'.repeat(-at - 1)}${all}`;
  const whole = all.padEnd(at + 1, '0');
  return `${sign}${whole.slice(0, at + 1)}.${whole.slice(at + 1) || '0'}`;
}

const nonFinite = (x: number): string => (Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf');

/** As Python's `round(x)`: a tie goes to the even number. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** A whole number with commas between thousands. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
