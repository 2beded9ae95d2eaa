// Windows by name, as `scipy.signal.get_window` makes them, in float64.
import { didYouMean, show } from '../base/errors.js';

/** A window of `n` points, symmetric: point `i` of them. `n` is at least 2. */
type Window = (i: number, n: number) => number;

/** `a[0] - a[1] cos(t) + a[2] cos(2t) - …` over one turn. */
const cosines = (...a: readonly number[]): Window => (i, n) => {
  const t = (2 * Math.PI * i) / (n - 1) - Math.PI;
  return a.reduce((sum, weight, k) => sum + weight * Math.cos(k * t), 0);
};
/** The distance from the middle, 1 at both ends. */
const distance = (i: number, n: number): number => Math.abs((2 * i) / (n - 1) - 1);

const triangle: Window = (i, n) => (n % 2 === 1 ? 2 * (Math.min(i, n - 1 - i) + 1) / (n + 1) : (2 * Math.min(i, n - 1 - i) + 1) / n);
const parzen: Window = (i, n) => {
  const place = Math.abs(i - (n - 1) / 2);
  const share = place / (n / 2);
  return place <= (n - 1) / 4 ? 1 - 6 * share ** 2 + 6 * share ** 3 : 2 * (1 - share) ** 3;
};
const bohman: Window = (i, n) => {
  const d = distance(i, n);
  return i === 0 || i === n - 1 ? 0 : (1 - d) * Math.cos(Math.PI * d) + Math.sin(Math.PI * d) / Math.PI;
};
/** A flat top between two halves of a cosine that take half of the points. */
const tukey: Window = (i, n) => {
  const share = 0.5;
  const place = Math.min(i, n - 1 - i);
  return place <= Math.floor((share * (n - 1)) / 2) ? 0.5 * (1 + Math.cos(Math.PI * ((2 * place) / share / (n - 1) - 1))) : 1;
};
const lanczos: Window = (i, n) => {
  const x = Math.PI * ((2 * i) / (n - 1) - 1);
  return x === 0 ? 1 : Math.sin(x) / x;
};

/** Taylor's window with 4 nearly constant side lobes 30 dB below the main one (W. Carrara, R. Goodman, R. Majewski, 1995, D.2). */
const taylor: Window = (() => {
  const lobes = 4;
  const a = Math.acosh(10 ** (30 / 20)) / Math.PI;
  const dilation = lobes ** 2 / (a ** 2 + (lobes - 0.5) ** 2);
  const orders = Array.from({ length: lobes - 1 }, (_, i) => i + 1);
  const weights = orders.map((m) => {
    const zeros = orders.reduce((product, k) => product * (1 - m ** 2 / dilation / (a ** 2 + (k - 0.5) ** 2)), 1);
    const poles = orders.filter((k) => k !== m).reduce((product, k) => product * (1 - m ** 2 / k ** 2), 1);
    return ((m % 2 === 1 ? 1 : -1) * zeros) / (2 * poles);
  });
  const at = (i: number, n: number) =>
    1 + 2 * orders.reduce((sum, m, k) => sum + weights[k]! * Math.cos((2 * Math.PI * m * (i - n / 2 + 0.5)) / n), 0);
  return (i: number, n: number) => at(i, n) / at((n - 1) / 2, n);
})();

const barthann: Window = (i, n) => 0.62 - 0.24 * distance(i, n) + 0.38 * Math.cos(Math.PI * distance(i, n));

/** Windows with all the names of each. */
const WINDOWS: readonly (readonly [Window, ...string[]])[] = [
  [() => 1, 'boxcar', 'box', 'ones', 'rect', 'rectangular'],
  [triangle, 'triang', 'triangle', 'tri'],
  [cosines(0.42, 0.5, 0.08), 'blackman', 'black', 'blk'],
  [cosines(0.54, 0.46), 'hamming', 'hamm', 'ham'],
  [cosines(0.5, 0.5), 'hann', 'han'],
  [(i, n) => 1 - distance(i, n), 'bartlett', 'bart', 'brt'],
  [cosines(0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368), 'flattop', 'flat', 'flt'],
  [parzen, 'parzen', 'parz', 'par'],
  [bohman, 'bohman', 'bman', 'bmn'],
  [cosines(0.35875, 0.48829, 0.14128, 0.01168), 'blackmanharris', 'blackharr', 'bkh'],
  [cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411), 'nuttall', 'nutl', 'nut'],
  [barthann, 'barthann', 'brthan', 'bth'],
  [(i, n) => Math.sin((Math.PI / n) * (i + 0.5)), 'cosine', 'halfcosine'],
  [(i, n) => Math.exp(-Math.abs(i - (n - 1) / 2)), 'exponential', 'poisson'],
  [tukey, 'tukey', 'tuk'],
  [taylor, 'taylor', 'taylorwin'],
  [lanczos, 'lanczos', 'sinc'],
];
const BY_NAME = new Map(WINDOWS.flatMap(([window, ...names]) => names.map((name) => [name, window] as const)));
/** Windows that SciPy makes only with a parameter beside the name. */
const NEED_PARAMETERS = new Set([
  'chebwin',
  'cheb',
  'dpss',
  'gaussian',
  'gauss',
  'gss',
  'general_cosine',
  'general_gaussian',
  'general_gauss',
  'ggs',
  'general_hamming',
  'kaiser',
  'ksr',
  'kaiser_bessel_derived',
  'kbd',
]);

/**
 * The window of a name with `n` points. A periodic one is the symmetric window of one point more without its last; a name that ends in
 * `_periodic` or `_symmetric` decides by itself. `where` opens the error message.
 * @throws a TypeError with the nearest name when no window has that name.
 */
export function windowValues(name: string, n: number, periodic: boolean, where: string): Float64Array {
  const [, own, suffix] = /^(.*?)(?:_(periodic|symmetric))?$/.exec(name)!;
  const window = BY_NAME.get(own!);
  if (window === undefined) {
    const reason = NEED_PARAMETERS.has(own!)
      ? 'needs parameters: give its values instead'
      : `is not a window${didYouMean(own!, BY_NAME.keys())}`;
    throw new TypeError(`${where}: ${show(name)} ${reason}`);
  }
  const size = n + ((suffix === undefined ? periodic : suffix === 'periodic') && n > 1 ? 1 : 0);
  return Float64Array.from({ length: n }, (_, i) => (n === 1 ? 1 : window(i, size)));
}
