// Numbers in text as Python writes them: Keras's progress bar and tables are matched to the letter.

/** As Python's `f'{x:.<digits>f}'`: like `toFixed`, but a tie goes to the even digit. */
export function fixed(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (Math.abs(x) >= 1e21) return digits === 0 ? String(BigInt(x)) : `${BigInt(x)}.${'0'.repeat(digits)}`; // where toFixed gives an exponent
  return evenTie(x.toFixed(digits + MORE)) ?? x.toFixed(digits);
}

/** As Python's `f'{x:.<digits>e}'`: the exponent has two digits. */
export function scientific(x: number, digits: number): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const [mantissa, exponent] = x.toExponential(Math.min(digits + MORE, 100)).split('e') as [string, string];
  const even = digits > 100 - MORE ? null : evenTie(mantissa);
  return (even === null ? x.toExponential(digits) : `${even}e${exponent}`).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Decimals in which a tie shows: `toFixed` and `toExponential` are exact. */
const MORE = 50;
/** Of a number with `MORE` decimals too many, where it lies in the middle between two: the one below when that is even; null otherwise. */
function evenTie(exact: string): string | null {
  if (!/^50*$/.test(exact.slice(-MORE))) return null;
  const cut = exact.slice(0, -MORE).replace(/\.$/, '');
  return Number(cut.at(-1)) % 2 === 0 ? cut : null;
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
