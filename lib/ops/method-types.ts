// The types of the methods that tensors, variables and symbols have: functions of `keras.ops` without their first argument.
import type { TensorLike } from '../core/convert.js';
import type { DTypeLike } from '../base/dtype.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import type { NestedArray, Tensor } from '../core/tensor.js';
import type { AlphaOptions, AxisOptions, ShrinkOptions, SoftmaxOptions } from './activation.js';
import type { DotProductAttentionOptions } from './attention.js';
import type { Axis, Numbers } from './axes.js';
import type { ConvOptions, ConvTransposeOptions } from './convolution.js';
import type { NanToNumOptions } from './core.js';
import type * as functions from './functions.js';
import type { CumulativeOptions, DiffOptions, TrapezoidOptions } from './cumulative.js';
import type { DiagonalNumber, DiagonalOptions } from './diagonal.js';
import type { FftLengthOptions, StftOptions } from './fourier.js';
import type { IndexPart, MultiHotOptions, OneHotOptions, ScatterReduction, TakeOptions } from './indexing.js';
import type { QrOptions, SvdOptions, UpperOptions } from './linalg/factorizations.js';
import type { NormOptions } from './linalg/norm.js';
import type { MatrixRankOptions, RcondOptions, SolveTriangularOptions } from './linalg/systems.js';
import type { CloseOptions } from './logic.js';
import type { BatchNormalizationOptions, LayerNormalizationOptions, NormalizeOptions, RmsNormalizationOptions } from './normalization.js';
import type { AdaptivePoolOptions, PoolOptions } from './pooling.js';
import type { MedianOptions, QuantileOptions, SortOptions, TopKOptions } from './order.js';
import type { DTypeOptions, OrSymbol, SymbolOf } from './public.js';
import type { AxesLengths } from './rearrange.js';
import type { ArgOptions, AverageOptions, CountNonzeroOptions, ExtremeOptions, MomentsOptions, ProdOptions,
  ReduceOptions } from './reduce.js';
import type { SegmentOptions } from './segments.js';
import type { BincountOptions, HistogramOptions, IsinOptions, SearchOptions, Unique } from './sets.js';
import type { AppendOptions, FirstAxisOptions, OptionalAxisOptions, PadOptions, Rot90Options } from './shape.js';
import type { UnstackOptions } from './split.js';
import type { DepthSpaceOptions, UnfoldOptions } from './unfold.js';
import type { CorrelateOptions, CrossOptions, VanderOptions } from './vectors.js';

// Written out rather than computed from the functions, whose types refer to Tensor: a class cannot be defined by itself.
type UnaryName =
  | 'abs' | 'absolute' | 'angle' | 'arccos' | 'arccosh' | 'arcsin' | 'arcsinh' | 'arctan' | 'arctanh' | 'bitwiseInvert' | 'bitwiseNot' | 'cbrt'
  | 'ceil' | 'copy' | 'cos' | 'cosh' | 'deg2rad' | 'erf' | 'erfc' | 'erfinv' | 'exp' | 'exp2' | 'expm1' | 'fabs' | 'fliplr' | 'flipud' | 'floor'
  | 'hardSigmoid' | 'hardSilu' | 'hardTanh' | 'isfinite' | 'isinf' | 'isnan' | 'isneginf' | 'isposinf' | 'isreal' | 'log' | 'log10' | 'log1p'
  | 'log2' | 'logSigmoid' | 'logicalNot' | 'negative' | 'rad2deg' | 'ravel' | 'reciprocal' | 'relu' | 'relu6' | 'rsqrt' | 'selu' | 'sigmoid' | 'sign'
  | 'signbit' | 'silu' | 'sin' | 'sinc' | 'sinh' | 'softplus' | 'softsign' | 'sparsePlus' | 'sparseSigmoid' | 'sqrt' | 'square' | 'stopGradient'
  | 'tan' | 'tanh' | 'tanhShrink' | 'trunc' | 'corrcoef'
  | 'conj' | 'conjugate' | 'imag' | 'real' | 'viewAsComplex' | 'viewAsReal';
type BinaryName =
  | 'add' | 'arctan2' | 'bitwiseAnd' | 'bitwiseLeftShift' | 'bitwiseOr' | 'bitwiseRightShift' | 'bitwiseXor' | 'divide' | 'divideNoNan' | 'dot'
  | 'equal' | 'floorDivide' | 'fmax' | 'fmin' | 'fmod' | 'greater' | 'greaterEqual' | 'heaviside' | 'hypot' | 'inner' | 'kron' | 'ldexp'
  | 'leftShift' | 'less' | 'lessEqual' | 'logaddexp' | 'logaddexp2' | 'logicalAnd' | 'logicalOr' | 'logicalXor' | 'matmul' | 'maximum' | 'minimum'
  | 'gcd' | 'lcm' | 'digitize'
  | 'mod' | 'multiply' | 'nextafter' | 'notEqual' | 'outer' | 'power' | 'rightShift' | 'subtract' | 'trueDivide' | 'vdot';
type ReductionName = 'sum' | 'mean' | 'std' | 'amax' | 'amin' | 'ptp' | 'any' | 'all' | 'logsumexp' | 'nansum' | 'nanprod' | 'nanmax' | 'nanmin' | 'nanmean' | 'nanvar' | 'nanstd';
type MedianName = 'median' | 'nanmedian';
type QuantileName = 'quantile' | 'nanquantile' | 'percentile' | 'nanpercentile';
type CumulativeName = 'cumsum' | 'cumprod' | 'nancumsum' | 'nancumprod';
type SegmentName = 'segmentSum' | 'segmentMax' | 'segmentMin' | 'segmentProd';
type ArgName = 'argmax' | 'argmin' | 'nanargmax' | 'nanargmin';

/** The signatures of the methods that are functions of `keras.ops`; `reshape` is among the `ArrayMethods`. */
interface Signatures
  extends Record<UnaryName, () => Tensor>, Record<BinaryName, (x2: TensorLike) => Tensor>,
    Record<ReductionName, (options?: ReduceOptions) => Tensor>, Record<ArgName, (options?: ArgOptions) => Tensor>,
    Record<MedianName, (options?: MedianOptions) => Tensor>, Record<QuantileName, (q: TensorLike, options?: QuantileOptions) => Tensor>,
    Record<CumulativeName, (options?: CumulativeOptions) => Tensor>, Record<SegmentName, (segmentIds: TensorLike,
      options?: SegmentOptions) => Tensor> {
  elu(options?: AlphaOptions): Tensor;
  celu(options?: AlphaOptions): Tensor;
  leakyRelu(options?: { negativeSlope?: number; }): Tensor;
  gelu(options?: { approximate?: boolean; }): Tensor;
  hardShrink(options?: ShrinkOptions): Tensor;
  softShrink(options?: ShrinkOptions): Tensor;
  threshold(threshold: number, defaultValue: number): Tensor;
  squareplus(options?: { b?: number; }): Tensor;
  glu(options?: AxisOptions): Tensor;
  softmax(options?: SoftmaxOptions): Tensor;
  logSoftmax(options?: SoftmaxOptions): Tensor;
  sparsemax(options?: { axis?: number; }): Tensor;
  tril(options?: DiagonalNumber): Tensor;
  triu(options?: DiagonalNumber): Tensor;
  diag(options?: DiagonalNumber): Tensor;
  diagflat(options?: DiagonalNumber): Tensor;
  diagonal(options?: DiagonalOptions): Tensor;
  trace(options?: DiagonalOptions): Tensor;
  clip(xMin: TensorLike, xMax: TensorLike): Tensor;
  round(options?: { decimals?: number; }): Tensor;
  take(indices: TensorLike, options?: TakeOptions): Tensor;
  takeAlongAxis(indices: TensorLike, options?: TakeOptions): Tensor;
  getItem(key: IndexPart | readonly IndexPart[]): Tensor;
  slice(startIndices: TensorLike, shape: Numbers): Tensor;
  sliceUpdate(startIndices: TensorLike, updates: TensorLike): Tensor;
  scatterUpdate(indices: TensorLike, updates: TensorLike, options?: { reduction?: ScatterReduction; }): Tensor;
  oneHot(numClasses: number, options?: OneHotOptions): Tensor;
  multiHot(options?: MultiHotOptions): Tensor;
  unravelIndex(shape: Numbers): Tensor[];
  isclose(x2: TensorLike, options?: CloseOptions): Tensor;
  allclose(x2: TensorLike, options?: CloseOptions): Tensor;
  nonzero(): Tensor[];
  normalize(options?: NormalizeOptions): Tensor;
  batchNormalization(mean: TensorLike, variance: TensorLike, axis: number, options?: BatchNormalizationOptions): Tensor;
  layerNormalization(options?: LayerNormalizationOptions): Tensor;
  rmsNormalization(options?: RmsNormalizationOptions): Tensor;
  maxPool(poolSize: number | readonly number[], options?: PoolOptions): Tensor;
  averagePool(poolSize: number | readonly number[], options?: PoolOptions): Tensor;
  adaptiveMaxPool(outputSize: number | readonly number[], options?: AdaptivePoolOptions): Tensor;
  adaptiveAveragePool(outputSize: number | readonly number[], options?: AdaptivePoolOptions): Tensor;
  unfold(kernelSize: number | readonly number[], options?: UnfoldOptions): Tensor;
  fold(outputSize: number | readonly number[], kernelSize: number | readonly number[], options?: UnfoldOptions): Tensor;
  extractSequences(sequenceLength: number, sequenceStride: number): Tensor;
  depthToSpace(blockSize: number, options?: DepthSpaceOptions): Tensor;
  spaceToDepth(blockSize: number, options?: DepthSpaceOptions): Tensor;
  conv(kernel: TensorLike, options?: ConvOptions): Tensor;
  convTranspose(kernel: TensorLike, options?: ConvTransposeOptions): Tensor;
  depthwiseConv(kernel: TensorLike, options?: ConvOptions): Tensor;
  separableConv(depthwiseKernel: TensorLike, pointwiseKernel: TensorLike, options?: ConvOptions): Tensor;
  psnr(x2: TensorLike, maxVal: number): Tensor;
  tensordot(x2: TensorLike, options?: { axes?: number | readonly [number | readonly number[], number | readonly number[]]; }): Tensor;
  cdist(y: TensorLike): Tensor;
  dotProductAttention(key: TensorLike, value: TensorLike, options?: DotProductAttentionOptions): Tensor;
  cholesky(options?: UpperOptions): Tensor;
  choleskyInverse(options?: UpperOptions): Tensor;
  eig(): [Tensor, Tensor];
  eigh(): [Tensor, Tensor];
  inv(): Tensor;
  lstsq(b: TensorLike, options?: RcondOptions<number>): Tensor;
  luFactor(): [Tensor, Tensor];
  matrixPower(n: number): Tensor;
  matrixRank(options?: MatrixRankOptions): Tensor;
  norm(options?: NormOptions): Tensor;
  pinv(options?: RcondOptions<TensorLike>): Tensor;
  qr(options?: QrOptions): [Tensor, Tensor];
  solve(b: TensorLike): Tensor;
  solveTriangular(b: TensorLike, options?: SolveTriangularOptions): Tensor;
  rearrange(pattern: string, axesLengths?: AxesLengths): Tensor;
  prod(options?: ProdOptions): Tensor;
  max(options?: ExtremeOptions): Tensor;
  min(options?: ExtremeOptions): Tensor;
  countNonzero(options?: CountNonzeroOptions): Tensor;
  average(options?: AverageOptions): Tensor;
  moments(axes: Axis, options?: MomentsOptions): [Tensor, Tensor];
  transpose(axes?: readonly number[] | { axes?: readonly number[] | null; } | null): Tensor;
  swapaxes(axis1: number, axis2: number): Tensor;
  moveaxis(source: number | readonly number[], destination: number | readonly number[]): Tensor;
  expandDims(axis: number | readonly number[]): Tensor;
  squeeze(options?: OptionalAxisOptions): Tensor;
  broadcastTo(shape: Numbers): Tensor;
  repeat(repeats: TensorLike, options?: { axis?: number | null; }): Tensor;
  tile(repeats: Numbers): Tensor;
  flip(options?: OptionalAxisOptions): Tensor;
  roll(shift: Numbers, options?: { axis?: Numbers | null }): Tensor;
  rot90(options?: Rot90Options): Tensor;
  pad(padWidth: number | readonly number[] | readonly (readonly number[])[], options?: PadOptions): Tensor;
  append(x2: TensorLike, options?: AppendOptions): Tensor;
  split(indicesOrSections: Numbers, options?: FirstAxisOptions): Tensor[];
  arraySplit(indicesOrSections: Numbers, options?: FirstAxisOptions): Tensor[];
  hsplit(indicesOrSections: Numbers): Tensor[];
  vsplit(indicesOrSections: Numbers): Tensor[];
  dsplit(indicesOrSections: Numbers): Tensor[];
  unstack(options?: UnstackOptions): Tensor[];
  i0(): Tensor;
  gammainc(x2: TensorLike): Tensor;
  rfft(options?: FftLengthOptions): [Tensor, Tensor];
  stft(sequenceLength: number, sequenceStride: number, fftLength: number, options?: StftOptions): [Tensor, Tensor];
  view(options?: DTypeOptions): Tensor;
  cast(dtype: DTypeLike): Tensor;
  saturateCast(dtype: DTypeLike): Tensor;
  nanToNum(options?: NanToNumOptions): Tensor;
  zerosLike(options?: DTypeOptions): Tensor;
  onesLike(options?: DTypeOptions): Tensor;
  emptyLike(options?: DTypeOptions): Tensor;
  sort(options?: SortOptions): Tensor;
  argsort(options?: SortOptions): Tensor;
  argpartition(kth: number, options?: SortOptions): Tensor;
  topK(k: number, options?: TopKOptions): [Tensor, Tensor];
  inTopK(predictions: TensorLike, k: number): Tensor;
  searchsorted(values: TensorLike, options?: SearchOptions): Tensor;
  isin(x2: TensorLike, options?: IsinOptions): Tensor;
  bincount(options?: BincountOptions): Tensor;
  histogram(options?: HistogramOptions): [Tensor, Tensor];
  diff(options?: DiffOptions): Tensor;
  trapezoid(options?: TrapezoidOptions): Tensor;
  cross(x2: TensorLike, options?: CrossOptions): Tensor;
  correlate(x2: TensorLike, options?: CorrelateOptions): Tensor;
  vander(options?: VanderOptions): Tensor;
  fullLike(fillValue: TensorLike, options?: DTypeOptions): Tensor;
}

/**
 * The methods with those types. Their names go through the functions, because a mapped type hands doc comments on: editors and the
 * API's documentation show the function's at the method.
 */
type DocumentedMethods = { [K in keyof Pick<typeof functions, keyof Signatures>]: Signatures[K] };

/** Functions of `keras.ops` as methods of a tensor; those written out here have overloads, or a function of another name. */
export interface TensorMethods extends DocumentedMethods {
  /** `x * sigmoid(x)`; the same as `silu`. */
  swish(): Tensor;
  /** `x * hardSigmoid(x)`; the same as `hardSilu`. */
  hardSwish(): Tensor;
  /** The variance along axes (divided by the number of elements); integers give `floatx`. */
  var(options?: ReduceOptions): Tensor;
  /** `x1` where the tensor is true (or not 0), `x2` elsewhere; all three broadcast. */
  where(x1: TensorLike, x2: TensorLike): Tensor;
  /** The indices where the tensor is true (or not 0), an int32 tensor for each axis, as `nonzero`. Only for tensors with values. */
  where(): Tensor[];
  /** The determinants of square matrices of shape `(..., M, M)`. */
  det(): Tensor;
  /** The logarithms of the sizes of the determinants of square matrices of shape `(..., M, M)`. */
  logdet(): Tensor;
  /** The signs (1, 0 or -1) of the determinants of square matrices of shape `(..., M, M)`, and the logarithms of their sizes (-∞ for 0). */
  slogdet(): [Tensor, Tensor];
  /** The singular values of matrices of shape `(..., M, N)`, in descending order. */
  svd(options: SvdOptions & { computeUv: false; }): Tensor;
  /**
   * The singular value decomposition `x = U diag(s) V'` of matrices of shape `(..., M, N)`: U, the singular values in descending order, and
   * V'. The gradient of the vectors exists where no singular value repeats and, unless M = N, with `fullMatrices: false`.
   */
  svd(options?: SvdOptions & { computeUv?: true; }): [Tensor, Tensor, Tensor];
  /**
   * The unique elements in ascending order, or the unique entries of an axis, and what else is asked for: where each occurs first, which of
   * them each element is (in the shape of the tensor), and how often each occurs, all int32.
   */
  unique(options: Parameters<Unique>[1] & ({ returnIndex: true } | { returnInverse: true } | { returnCounts: true })): Tensor[];
  /** The unique elements in ascending order, or the unique entries of an axis; NaN is unique each time. */
  unique(options?: Parameters<Unique>[1]): Tensor;
}

/** Functions of `keras.ops` as methods of a symbol. */
export type SymbolMethods = {
  [K in keyof TensorMethods]: TensorMethods[K] extends (...args: infer A) => infer R
    ? (...args: { [I in keyof A]: OrSymbol<A[I]> }) => SymbolOf<R>
    : never;
};

/** What NumPy's arrays have besides; `T` is `Tensor`, or `KerasTensor` for symbols. */
export interface ArrayMethods<T extends Tensor | KerasTensor> {
  /** The axes in reverse order. */
  readonly T: T;
  /** The tensor in another dtype, as `ops.cast`. */
  astype(dtype: DTypeLike): T;
  /** One entry of the first axis; negative numbers count from the end. */
  at(...index: number[]): T;
  /** The same elements in another shape, given as an array; one size may be -1, which stands for what is left over. */
  reshape(newshape: Numbers): T;
  /** The same elements in another shape, given as arguments; one size may be -1, which stands for what is left over. */
  reshape(...sizes: number[]): T;
  /** The elements in one axis, as `ops.ravel`. */
  flatten(): T;
}

/** What arrays of JavaScript have, for tensors with values of their own. */
export interface SequenceMethods {
  /** The size of the first axis. @throws for a tensor without axes. */
  readonly length: number;
  /**
   * The entries of the first axis, each a tensor: `for (const row of x)`, `const [first, second] = x`. @throws for a tensor without axes.
   */
  [Symbol.iterator](): IterableIterator<Tensor>;
  /** Nested arrays of numbers, as `tolist` gives them: what `JSON.stringify` writes. */
  toJSON(): NestedArray;
}
