// Discrete Fourier transforms of one row, or of as many rows as a vector has lanes: T. Stockham's autosort algorithm with
// decimation in frequency (in C. Van Loan, "Computational frameworks for the fast Fourier transform", 1992), real and imaginary
// parts apart.
#pragma once
#include <utility>
#include "kernels/rows.h"
#include "simd/vector.h"

namespace keratin::KR_ISA {

// Prime factors above this are for the caller, who has Bluestein's algorithm.
inline constexpr int64_t kLargestRadix = 13;
inline constexpr int kMostRadices = 64;

// The passes of a transform: its length as a product of radices.
struct Radices {
  int count = 0;
  int64_t radix[kMostRadices];
};

// False when a prime factor is too large.
static inline bool factorize(int64_t n, Radices& to) {
  to.count = 0;
  for (const int64_t radix : {int64_t{4}, int64_t{2}, int64_t{3}, int64_t{5}, int64_t{7}, int64_t{11}, kLargestRadix}) {
    for (; n % radix == 0; n /= radix) to.radix[to.count++] = radix;
  }
  return n == 1;
}

// cos and -sin of 2 pi k / n for k in [0, n), given by the caller.
template <typename T>
struct Twiddles {
  const T *re, *im;
  int64_t step;  // of the roots of the transform's length among those of the table
};

// A complex number, or one a lane. L is T or V<T>.
template <typename L>
struct Complex {
  L re, im;
  KR_INLINE friend Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
  KR_INLINE friend Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
  KR_INLINE friend Complex operator*(Complex a, Complex b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
};

// a times -i.
template <typename L>
static KR_INLINE Complex<L> turned(Complex<L> a) {
  return {a.im, -a.re};
}
// a times a real factor.
template <typename L>
static KR_INLINE Complex<L> times(Complex<L> a, L factor) {
  return {a.re * factor, a.im * factor};
}

template <typename L, typename T>
static KR_INLINE L get(const T* p) {
  if constexpr (std::is_same_v<L, T>) return *p;
  else return L::load(p);
}
template <typename L, typename T>
static KR_INLINE void put(L value, T* p) {
  if constexpr (std::is_same_v<L, T>) *p = value;
  else value.store(p);
}

// The transform of a few numbers, in place.
template <typename T, typename L>
static KR_INLINE void transform2(Complex<L>* a) {
  const Complex<L> sum = a[0] + a[1];
  a[1] = a[0] - a[1];
  a[0] = sum;
}
template <typename T, typename L>
static KR_INLINE void transform3(Complex<L>* a) {
  const Complex<L> sum = a[1] + a[2], difference = times(turned(a[1] - a[2]), L(T(0.86602540378443864676)));
  const Complex<L> middle = a[0] - times(sum, L(T(0.5)));
  a[0] = a[0] + sum;
  a[1] = middle + difference;
  a[2] = middle - difference;
}
template <typename T, typename L>
static KR_INLINE void transform4(Complex<L>* a) {
  const Complex<L> even = a[0] + a[2], odd = a[1] + a[3], even_rest = a[0] - a[2], odd_rest = turned(a[1] - a[3]);
  a[0] = even + odd;
  a[1] = even_rest + odd_rest;
  a[2] = even - odd;
  a[3] = even_rest - odd_rest;
}
// Odd primes: pairs j, R - j share their sums and differences. `roots` are the roots of unity of order R.
template <typename T, int R, typename L>
static KR_INLINE void transform_odd(Complex<L>* a, const Twiddles<T>& roots) {
  constexpr int half = (R - 1) / 2;
  Complex<L> sum[half], difference[half], out[R];
  out[0] = a[0];
#pragma GCC unroll 8
  for (int j = 0; j < half; ++j) {
    sum[j] = a[1 + j] + a[R - 1 - j];
    difference[j] = a[1 + j] - a[R - 1 - j];
    out[0] = out[0] + sum[j];
  }
#pragma GCC unroll 8
  for (int k = 1; k <= half; ++k) {
    Complex<L> even = a[0], odd = {L(T(0)), L(T(0))};
#pragma GCC unroll 8
    for (int j = 0; j < half; ++j) {
      const int64_t at = (j + 1) * k % R * roots.step;
      even = even + times(sum[j], L(roots.re[at]));
      odd = odd + times(difference[j], L(-roots.im[at]));
    }
    out[k] = even + turned(odd);
    out[R - k] = even - turned(odd);
  }
  for (int k = 0; k < R; ++k) a[k] = out[k];
}

template <typename T, int R, typename L>
static KR_INLINE void transform_few(Complex<L>* a, const Twiddles<T>& roots) {
  if constexpr (R == 2) transform2<T>(a);
  else if constexpr (R == 3) transform3<T>(a);
  else if constexpr (R == 4) transform4<T>(a);
  else transform_odd<T, R>(a, roots);
}

// Real and imaginary parts of a row, or of interleaved rows.
template <typename T>
struct Parts {
  T *re, *im;
};

// One butterfly of a pass: places `in` + j * in_step become `out` + k * out_step.
template <typename T, int R, typename L>
static KR_INLINE void butterfly(Parts<T> x, Parts<T> y, int64_t in, int64_t in_step, int64_t out, int64_t out_step,
                                const T* wr, const T* wi, const Twiddles<T>& roots) {
  Complex<L> a[R];
#pragma GCC unroll 16
  for (int j = 0; j < R; ++j) a[j] = {get<L>(x.re + in + j * in_step), get<L>(x.im + in + j * in_step)};
  transform_few<T, R>(a, roots);
  put(a[0].re, y.re + out);
  put(a[0].im, y.im + out);
#pragma GCC unroll 16
  for (int k = 1; k < R; ++k) {
    const Complex<L> b = a[k] * Complex<L>{L(wr[k]), L(wi[k])};
    put(b.re, y.re + out + k * out_step);
    put(b.im, y.im + out + k * out_step);
  }
}

// A pass from x to y: `length` = R * m numbers are still to be transformed, of which `stride` lie side by side.
template <typename T, int R>
static void pass(Parts<T> x, Parts<T> y, int64_t length, int64_t stride, const Twiddles<T>& twiddles, int64_t total) {
  using V = simd::V<T>;
  const int64_t m = length / R, in_step = stride * m, root = twiddles.step * (total / length);
  const Twiddles<T> roots = {twiddles.re, twiddles.im, twiddles.step * (total / R)};
  for (int64_t p = 0; p < m; ++p) {
    T wr[R], wi[R];
    for (int k = 0; k < R; ++k) {
      wr[k] = twiddles.re[p * k * root];
      wi[k] = twiddles.im[p * k * root];
    }
    const int64_t in = stride * p, out = stride * R * p;
    int64_t q = 0;
    for (; q + V::lanes <= stride; q += V::lanes) butterfly<T, R, V>(x, y, in + q, in_step, out + q, stride, wr, wi, roots);
    for (; q < stride; ++q) butterfly<T, R, T>(x, y, in + q, in_step, out + q, stride, wr, wi, roots);
  }
}

// The transforms of `rows` interleaved rows of length n (element j of row r is at j * rows + r) in x, with y for scratch; gives
// the one that holds the result.
template <typename T>
static inline Parts<T> transform(Parts<T> x, Parts<T> y, int64_t n, int64_t rows, const Twiddles<T>& twiddles) {
  Radices radices;
  factorize(n, radices);
  int64_t length = n, stride = rows;
  for (int i = 0; i < radices.count; ++i) {
    switch (radices.radix[i]) {
      case 2: pass<T, 2>(x, y, length, stride, twiddles, n); break;
      case 3: pass<T, 3>(x, y, length, stride, twiddles, n); break;
      case 4: pass<T, 4>(x, y, length, stride, twiddles, n); break;
      case 5: pass<T, 5>(x, y, length, stride, twiddles, n); break;
      case 7: pass<T, 7>(x, y, length, stride, twiddles, n); break;
      case 11: pass<T, 11>(x, y, length, stride, twiddles, n); break;
      default: pass<T, 13>(x, y, length, stride, twiddles, n); break;
    }
    length /= radices.radix[i];
    stride *= radices.radix[i];
    std::swap(x, y);
  }
  return x;
}

}  // namespace keratin::KR_ISA
