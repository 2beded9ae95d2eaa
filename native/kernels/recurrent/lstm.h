// Long short-term memory (S. Hochreiter, J. Schmidhuber, 1997, with the forget gate of F. Gers and others, 2000).
#pragma once
#include "kernels/recurrent/product.h"
#include "simd/math_exp.h"

namespace keratin::KR_ISA {

// The gates of a step are side by side in the order i (input), f (forget), g (candidate), o (output):
//   c = f c_before + i g,  h = o tanh(c)
template <typename T>
struct Lstm : Recurrence<T> {
  using Recurrence<T>::batch, Recurrence<T>::steps, Recurrence<T>::units;
  KR_INLINE explicit Lstm(const int64_t* ints) : Recurrence<T>(ints) {}

  KR_INLINE int64_t gates() const { return 4 * units; }
  KR_INLINE Factor<T> forward(const T* weights) const { return {units, gates(), weights, gates(), 1}; }
  KR_INLINE Factor<T> backward(const T* weights) const { return {gates(), units, weights, 1, gates()}; }
};

// `saved` (null: nothing is) receives the gates and c before the step.
template <typename T>
KR_INLINE void lstm_step(const T* x, const T* product, T* h, T* c, T* saved, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const V<T> i = sigmoid(load(x) + load(product)), f = sigmoid(load(x + n) + load(product + n));
    const V<T> g = tanh(load(x + 2 * n) + load(product + 2 * n)), o = sigmoid(load(x + 3 * n) + load(product + 3 * n));
    const V<T> before = load(c), cell = mul_add(f, before, i * g);
    store(c, cell);
    store(h, o * tanh(cell));
    if (!saved) return;
    const V<T> kept[] = {i, f, g, o, before};
#pragma GCC unroll 5
    for (int k = 0; k < 5; ++k) store(saved + k * n, kept[k]);
  });
}

// Operands: 0 = x [batch, steps, 4 units], projected inputs with their bias, 1 = recurrent weights [units, 4 units], 2 = initial h and c
// [2, batch, units], mask bool [batch, steps] if there is one; then h [batch, steps, units], the last h and c [2, batch, units], and, if
// they are saved, the gates and c before each step [batch, steps, 5 units]. A step that the mask leaves out keeps h and c, and what is
// saved of it is 0.
// ints: batch, steps, units, masked, saves.
template <typename T>
static void lstm(const Args& args, Range r) {
  const Lstm<T> s(args.ints);
  const int64_t n = s.units, m = s.gates(), states = s.batch * n;
  Operands operands{args};
  const T *x = operands.take<T>(), *weights = operands.take<T>(), *initial = operands.take<T>();
  const uint8_t* mask = operands.take<uint8_t>(args.ints[3] != 0);
  T *all = operands.take<T>(), *last = operands.take<T>(), *saved = operands.take<T>(args.ints[4] != 0);
  const Factor<T> factor = s.forward(weights);
  T* packed = s.packs() ? static_cast<T*>(args.shared) : nullptr;
  if (packed && args.phase == 0) {
    for (int64_t p = r.begin; p < r.end; ++p) factor.pack(packed, p);
    return;
  }
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const Range samples = s.samples(unit);
    const int64_t rows = samples.end - samples.begin, first = samples.begin * n;
    Scratch<T> scratch = {static_cast<T*>(args.local)};
    T *h = scratch.copy(initial + first, rows * n), *c = scratch.copy(initial + states + first, rows * n);
    T* product = scratch.take(rows * m);
    for (int64_t t = 0; t < s.steps; ++t) {
      if (any_has_step(mask, s.steps, samples, t)) factor.multiply(packed, h, rows, product);
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t place = (samples.begin + i) * s.steps + t;
        T* kept = saved ? saved + place * 5 * n : nullptr;
        if (has_step(mask, s.steps, samples.begin + i, t)) lstm_step(x + place * m, product + i * m, h + i * n, c + i * n, kept, n);
        else if (kept) clear_row(kept, 5 * n);
        copy_row(all + place * n, h + i * n, n);
      }
    }
    copy_row(last + first, h, rows * n);
    copy_row(last + states + first, c, rows * n);
  }
}

template <typename T>
static Work plan_lstm(const int64_t* ints, bool) {
  const Lstm<T> s(ints);
  const Factor<T> factor = s.forward(nullptr);
  return s.work(factor.panels(), factor.size(), 6 * s.units, 4);
}

static void lstm_contract(Contract& c) {
  const Extent batch = c.size("batch"), steps = c.size("steps"), units = c.size("units", 1);
  const bool masked = c.flag("masked"), saves = c.flag("saves");
  c.bounded("packed weights", (units + 64) * (units * 4 + 64));
  c.in(batch * steps * units * 4);
  c.in(units * units * 4);
  c.in(batch * units * 2);
  if (masked) c.in(DType::Bool, batch * steps);
  c.out(batch * steps * units);
  c.out(batch * units * 2);
  if (saves) c.out(batch * steps * units * 5);
}

// The gradients of a step: `dh` and `dc` are those of h and c after it, dc becomes that of c before it, dx that of the gates' arguments.
template <typename T>
KR_INLINE void lstm_step_back(const T* saved, const T* dh, T* dc, T* dx, T* dx_out, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const V<T> one(T{1}), i = load(saved), f = load(saved + n), g = load(saved + 2 * n), o = load(saved + 3 * n);
    const V<T> before = load(saved + 4 * n);
    const V<T> y = tanh(mul_add(f, before, i * g)), by_h = load(dh), by_c = load(dc) + by_h * o * (one - y * y);
    const V<T> parts[] = {by_c * g * i * (one - i), by_c * before * f * (one - f), by_c * i * (one - g * g), by_h * y * o * (one - o)};
    store(dc, by_c * f);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      store(dx + k * n, parts[k]);
      store(dx_out + k * n, parts[k]);
    }
  });
}

// Operands: 0 = what `lstm` saves, 1 = recurrent weights, mask if there is one, then those of the gradients by h [batch, steps, units] and
// by the last h and c [2, batch, units] that there are; then the gradients by x [batch, steps, 4 units] and by the initial h and c [2,
// batch, units].
// ints: batch, steps, units, masked, whether there is a gradient by h, by the last states.
template <typename T>
static void lstm_gradient(const Args& args, Range r) {
  const Lstm<T> s(args.ints);
  const int64_t n = s.units, m = s.gates(), states = s.batch * n;
  Operands operands{args};
  const T *saved = operands.take<T>(), *weights = operands.take<T>();
  const uint8_t* mask = operands.take<uint8_t>(args.ints[3] != 0);
  const T *by_all = operands.take<T>(args.ints[4] != 0), *by_last = operands.take<T>(args.ints[5] != 0);
  T *dx_all = operands.take<T>(), *by_initial = operands.take<T>();
  const Factor<T> factor = s.backward(weights);
  T* packed = s.packs() ? static_cast<T*>(args.shared) : nullptr;
  if (packed && args.phase == 0) {
    for (int64_t p = r.begin; p < r.end; ++p) factor.pack(packed, p);
    return;
  }
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const Range samples = s.samples(unit);
    const int64_t rows = samples.end - samples.begin, first = samples.begin * n;
    Scratch<T> scratch = {static_cast<T*>(args.local)};
    T* dh = scratch.copy(by_last ? by_last + first : nullptr, rows * n);
    T* dc = scratch.copy(by_last ? by_last + states + first : nullptr, rows * n);
    T *dx = scratch.take(rows * m), *product = scratch.take(rows * n);
    for (int64_t t = s.steps - 1; t >= 0; --t) {
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t sample = samples.begin + i, place = sample * s.steps + t;
        if (by_all) add_row(dh + i * n, by_all + place * n, n);
        if (has_step(mask, s.steps, sample, t)) {
          lstm_step_back(saved + place * 5 * n, dh + i * n, dc + i * n, dx + i * m, dx_all + place * m, n);
        } else {
          clear_row(dx + i * m, m);
          clear_row(dx_all + place * m, m);
        }
      }
      if (!any_has_step(mask, s.steps, samples, t)) continue;
      factor.multiply(packed, dx, rows, product);
      for (int64_t i = 0; i < rows; ++i)
        if (has_step(mask, s.steps, samples.begin + i, t)) copy_row(dh + i * n, product + i * n, n);
    }
    copy_row(by_initial + first, dh, rows * n);
    copy_row(by_initial + states + first, dc, rows * n);
  }
}

template <typename T>
static Work plan_lstm_gradient(const int64_t* ints, bool) {
  const Lstm<T> s(ints);
  const Factor<T> factor = s.backward(nullptr);
  return s.work(factor.panels(), factor.size(), 7 * s.units, 4);
}

static void lstm_gradient_contract(Contract& c) {
  const Extent batch = c.size("batch"), steps = c.size("steps"), units = c.size("units", 1);
  const bool masked = c.flag("masked"), has_all = c.flag("gradient by h"), has_last = c.flag("gradient by the last states");
  c.bounded("packed weights", (units + 64) * (units * 4 + 64));
  c.in(batch * steps * units * 5);
  c.in(units * units * 4);
  if (masked) c.in(DType::Bool, batch * steps);
  if (has_all) c.in(batch * steps * units);
  if (has_last) c.in(batch * units * 2);
  c.out(batch * steps * units * 4);
  c.out(batch * units * 2);
}

}  // namespace keratin::KR_ISA
