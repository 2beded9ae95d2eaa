// Gated recurrent units (K. Cho and others, 2014), with the reset gate before the recurrent product, or after it as in cuDNN.
#pragma once
#include "kernels/recurrent/product.h"
#include "simd/math_exp.h"

namespace keratin::KR_ISA {

// The gates of a step are side by side in the order z (update), r (reset), g (candidate):
//   h = z h_before + (1 - z) g, where g = tanh(x + r (h_before . R + b)) with the reset after the product,
//   else g = tanh(x + (r h_before) . R)
template <typename T>
struct Gru : Recurrence<T> {
  using Recurrence<T>::batch, Recurrence<T>::steps, Recurrence<T>::units;
  bool reset_after;
  KR_INLINE explicit Gru(const int64_t* ints) : Recurrence<T>(ints), reset_after(ints[3] != 0) {}

  KR_INLINE int64_t gates() const { return 3 * units; }
  KR_INLINE int64_t saved() const { return (reset_after ? 5 : 4) * units; }
  KR_INLINE const T* from(const T* weights, bool candidate) const { return candidate && weights ? weights + 2 * units : weights; }
  // All gates with the reset after the product; else the first two, and the candidate with `candidate`.
  KR_INLINE Factor<T> forward(const T* weights, bool candidate = false) const {
    return {units, candidate ? units : reset_after ? gates() : 2 * units, from(weights, candidate), gates(), 1};
  }
  KR_INLINE Factor<T> backward(const T* weights, bool candidate = false) const {
    return {candidate ? units : reset_after ? gates() : 2 * units, units, from(weights, candidate), 1, gates()};
  }
};

// The two matrices of a direction, side by side in one packing; the second one has no columns with the reset after the product.
template <typename T>
struct GruFactors {
  Factor<T> gates, candidate;
  T* packed;

  KR_INLINE GruFactors(const Gru<T>& s, const T* weights, bool back, T* shared)
      : gates(back ? s.backward(weights) : s.forward(weights)),
        candidate(back ? s.backward(weights, true) : s.forward(weights, true)), packed(shared) {
    if (s.reset_after) candidate.columns = 0;
  }
  KR_INLINE int64_t panels() const { return gates.panels() + candidate.panels(); }
  KR_INLINE int64_t size() const { return gates.size() + candidate.size(); }
  KR_INLINE void pack(Range r) const {
    for (int64_t p = r.begin; p < r.end; ++p) {
      if (p < gates.panels()) gates.pack(packed, p);
      else candidate.pack(packed + gates.size(), p - gates.panels());
    }
  }
  KR_INLINE void multiply(const T* a, int64_t rows, T* c) const { gates.multiply(packed, a, rows, c); }
  KR_INLINE void multiply_candidate(const T* a, int64_t rows, T* c) const {
    candidate.multiply(packed ? packed + gates.size() : nullptr, a, rows, c);
  }
};

// What is saved of a step, side by side (to `saved`, null: nothing is): the gates, h before the step and, with the reset after the product,
// the recurrent part of the candidate.
template <typename T>
KR_INLINE void gru_step_after(const T* x, const T* product, const T* bias, T* h, T* saved, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const auto recurrent = [=](int64_t k) __attribute__((always_inline)) {
      return bias ? load(product + k * n) + load(bias + k * n) : load(product + k * n);
    };
    const V<T> z = sigmoid(load(x) + recurrent(0)), r = sigmoid(load(x + n) + recurrent(1)), inner = recurrent(2);
    const V<T> g = tanh(mul_add(r, inner, load(x + 2 * n)));
    const V<T> kept[] = {z, r, g, load(h), inner};
    store(h, mul_add(z, kept[3], (V<T>(T{1}) - z) * g));
    if (!saved) return;
#pragma GCC unroll 5
    for (int k = 0; k < 5; ++k) store(saved + k * n, kept[k]);
  });
}

// The first two gates into zr, and what the candidate's matrix multiplies.
template <typename T>
KR_INLINE void gru_gates_before(const T* x, T* zr, const T* h, T* reset, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const V<T> r = sigmoid(load(x + n) + load(zr + n));
    store(zr, sigmoid(load(x) + load(zr)));
    store(zr + n, r);
    store(reset, r * load(h));
  });
}
template <typename T>
KR_INLINE void gru_step_before(const T* x, const T* zr, const T* product, T* h, T* saved, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const V<T> kept[] = {load(zr), load(zr + n), tanh(load(x + 2 * n) + load(product)), load(h)};
    store(h, mul_add(kept[0], kept[3], (V<T>(T{1}) - kept[0]) * kept[2]));
    if (!saved) return;
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) store(saved + k * n, kept[k]);
  });
}

// Operands: 0 = x [batch, steps, 3 units], projected inputs with their bias, 1 = recurrent weights [units, 3 units], recurrent bias [3
// units] if there is one, initial h [batch, units], mask bool [batch, steps] if there is one; then h [batch, steps, units], the last h
// [batch, units], and, if it is, what is saved [batch, steps, 5 units], with the reset before the product 4 units. A step that the mask
// leaves out keeps h, and what is saved of it is 0.
// ints: batch, steps, units, reset after the product, biased (only then), masked, saves.
template <typename T>
static void gru(const Args& args, Range r) {
  const Gru<T> s(args.ints);
  const int64_t n = s.units, m = s.gates();
  const bool after = s.reset_after;
  Operands operands{args};
  const T *x_all = operands.take<T>(), *weights = operands.take<T>(), *bias = operands.take<T>(args.ints[4] != 0), *h0 = operands.take<T>();
  const uint8_t* mask = operands.take<uint8_t>(args.ints[5] != 0);
  T *h_all = operands.take<T>(), *h_last = operands.take<T>(), *saved_all = operands.take<T>(args.ints[6] != 0);
  const GruFactors<T> factors(s, weights, false, s.packs() ? static_cast<T*>(args.shared) : nullptr);
  if (s.packs() && args.phase == 0) return factors.pack(r);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const Range samples = s.samples(unit);
    const int64_t rows = samples.end - samples.begin, width = factors.gates.columns;
    Scratch<T> scratch = {static_cast<T*>(args.local)};
    T *h = scratch.copy(h0 + samples.begin * n, rows * n), *product = scratch.take(rows * width);
    T *reset = scratch.take(after ? 0 : rows * n), *candidate = scratch.take(after ? 0 : rows * n);
    for (int64_t t = 0; t < s.steps; ++t) {
      const bool any = any_has_step(mask, s.steps, samples, t);
      if (any) factors.multiply(h, rows, product);
      for (int64_t i = 0; i < rows && any && !after; ++i)
        gru_gates_before(x_all + ((samples.begin + i) * s.steps + t) * m, product + i * width, h + i * n, reset + i * n, n);
      if (any && !after) factors.multiply_candidate(reset, rows, candidate);
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t place = (samples.begin + i) * s.steps + t;
        T* saved = saved_all ? saved_all + place * s.saved() : nullptr;
        if (!has_step(mask, s.steps, samples.begin + i, t)) {
          if (saved) clear_row(saved, s.saved());
        } else if (after) {
          gru_step_after(x_all + place * m, product + i * width, bias, h + i * n, saved, n);
        } else {
          gru_step_before(x_all + place * m, product + i * width, candidate + i * n, h + i * n, saved, n);
        }
        copy_row(h_all + place * n, h + i * n, n);
      }
    }
    copy_row(h_last + samples.begin * n, h, rows * n);
  }
}

template <typename T>
static Work plan_gru(const int64_t* ints, bool) {
  const Gru<T> s(ints);
  const GruFactors<T> factors(s, nullptr, false, nullptr);
  return s.work(factors.panels(), factors.size(), 5 * s.units, 3);
}

static void gru_contract(Contract& c) {
  const Extent batch = c.size("batch"), steps = c.size("steps"), units = c.size("units", 1);
  const bool after = c.flag("reset after"), biased = c.flag("biased"), masked = c.flag("masked"), saves = c.flag("saves");
  c.require(after || !biased, "biased", "there is a recurrent bias only with the reset after the product");
  c.bounded("packed weights", (units + 64) * (units * 3 + 128));
  c.in(batch * steps * units * 3);
  c.in(units * units * 3);
  if (biased) c.in(units * 3);
  c.in(batch * units);
  if (masked) c.in(DType::Bool, batch * steps);
  c.out(batch * steps * units);
  c.out(batch * units);
  if (saves) c.out(batch * steps * units * (after ? 5 : 4));
}

// What a step's gradients are made of: what is saved of it, the gradient of h after it, which becomes the part of that of h before it that
// does not go by the gates; and where the gradients of the gates' arguments go.
template <typename T>
struct GruBack {
  const T* saved;
  T *dh, *dx;
};

// `d_inner`: the gradients of the recurrent parts, in scratch and in the result.
template <typename T>
KR_INLINE void gru_back_after(GruBack<T> s, T* d_inner, T* d_inner_out, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const V<T> one(T{1}), z = load(s.saved), r = load(s.saved + n), g = load(s.saved + 2 * n), by_h = load(s.dh);
    const V<T> by_g = by_h * (one - z) * (one - g * g);
    const V<T> by_z = by_h * (load(s.saved + 3 * n) - g) * z * (one - z), by_r = by_g * load(s.saved + 4 * n) * r * (one - r);
    store(s.dh, by_h * z);
    const V<T> parts[] = {by_z, by_r, by_g * r};
#pragma GCC unroll 3
    for (int k = 0; k < 3; ++k) {
      store(s.dx + k * n, k < 2 ? parts[k] : by_g);
      store(d_inner + k * n, parts[k]);
      store(d_inner_out + k * n, parts[k]);
    }
  });
}

// The gradient of the candidate's argument, in scratch and in the result.
template <typename T>
KR_INLINE void gru_back_candidate(GruBack<T> s, T* by_candidate, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const V<T> one(T{1}), g = load(s.saved + 2 * n), by_g = load(s.dh) * (one - load(s.saved)) * (one - g * g);
    store(by_candidate, by_g);
    store(s.dx + 2 * n, by_g);
  });
}
// Those of the other gates; by_reset is the gradient of r h_before.
template <typename T>
KR_INLINE void gru_back_before(GruBack<T> s, const T* by_reset, T* by_gates, int64_t n) {
  each_part<T>(n, [=](auto load, auto store) __attribute__((always_inline)) {
    const V<T> one(T{1}), z = load(s.saved), r = load(s.saved + n), g = load(s.saved + 2 * n), by_h = load(s.dh);
    const V<T> before = load(s.saved + 3 * n), product = load(by_reset);
    const V<T> by_z = by_h * (before - g) * z * (one - z), by_r = product * before * r * (one - r);
    store(s.dh, by_h * z + product * r);
    store(by_gates, by_z);
    store(by_gates + n, by_r);
    store(s.dx, by_z);
    store(s.dx + n, by_r);
  });
}

// Operands: 0 = what `gru` saves, 1 = recurrent weights, mask if there is one, then the gradients by h [batch, steps, units] and by the
// last h [batch, units] that there are; then the gradients by x, with the reset after the product those by the recurrent parts of the
// gates' arguments [batch, steps, 3 units], and by the initial h.
// ints: batch, steps, units, reset after the product, masked, whether there is a gradient by h, by the last h.
template <typename T>
static void gru_gradient(const Args& args, Range r) {
  const Gru<T> s(args.ints);
  const int64_t n = s.units, m = s.gates();
  const bool after = s.reset_after;
  Operands operands{args};
  const T *saved = operands.take<T>(), *weights = operands.take<T>();
  const uint8_t* mask = operands.take<uint8_t>(args.ints[4] != 0);
  const T *dh_all = operands.take<T>(args.ints[5] != 0), *dh_last = operands.take<T>(args.ints[6] != 0);
  T *dx_all = operands.take<T>(), *d_inner = operands.take<T>(after), *dh0 = operands.take<T>();
  const GruFactors<T> factors(s, weights, true, s.packs() ? static_cast<T*>(args.shared) : nullptr);
  if (s.packs() && args.phase == 0) return factors.pack(r);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const Range samples = s.samples(unit);
    const int64_t rows = samples.end - samples.begin, first = samples.begin * n, width = factors.gates.depth;
    Scratch<T> scratch = {static_cast<T*>(args.local)};
    T* dh = scratch.copy(dh_last ? dh_last + first : nullptr, rows * n);
    T *by_gates = scratch.copy(nullptr, rows * width), *product = scratch.take(rows * n);
    T* by_candidate = after ? nullptr : scratch.copy(nullptr, rows * n);
    const auto step_of = [&](int64_t i, int64_t t) __attribute__((always_inline)) {
      const int64_t place = (samples.begin + i) * s.steps + t;
      return GruBack<T>{saved + place * s.saved(), dh + i * n, dx_all + place * m};
    };
    for (int64_t t = s.steps - 1; t >= 0; --t) {
      for (int64_t i = 0; i < rows; ++i) {
        const int64_t place = (samples.begin + i) * s.steps + t;
        T* to = dh + i * n;
        if (dh_all) add_row(to, dh_all + place * n, n);
        if (!has_step(mask, s.steps, samples.begin + i, t)) {
          clear_row(by_gates + i * width, width);
          if (!after) clear_row(by_candidate + i * n, n);
          clear_row(dx_all + place * m, m);
          if (after) clear_row(d_inner + place * m, m);
        } else if (after) {
          gru_back_after(step_of(i, t), by_gates + i * width, d_inner + place * m, n);
        } else {
          gru_back_candidate(step_of(i, t), by_candidate + i * n, n);
        }
      }
      if (!any_has_step(mask, s.steps, samples, t)) continue;
      if (!after) {
        factors.multiply_candidate(by_candidate, rows, product);
        for (int64_t i = 0; i < rows; ++i)
          if (has_step(mask, s.steps, samples.begin + i, t)) gru_back_before(step_of(i, t), product + i * n, by_gates + i * width, n);
      }
      factors.multiply(by_gates, rows, product);
      // The rows of samples without the step are 0.
      add_row(dh, product, rows * n);
    }
    copy_row(dh0 + first, dh, rows * n);
  }
}

template <typename T>
static Work plan_gru_gradient(const int64_t* ints, bool) {
  const Gru<T> s(ints);
  const GruFactors<T> factors(s, nullptr, true, nullptr);
  return s.work(factors.panels(), factors.size(), 5 * s.units, 3);
}

static void gru_gradient_contract(Contract& c) {
  const Extent batch = c.size("batch"), steps = c.size("steps"), units = c.size("units", 1);
  const bool after = c.flag("reset after"), masked = c.flag("masked"), has_h = c.flag("gradient by h"), has_last = c.flag("by the last h");
  c.bounded("packed weights", (units + 64) * (units * 3 + 128));
  c.in(batch * steps * units * (after ? 5 : 4));
  c.in(units * units * 3);
  if (masked) c.in(DType::Bool, batch * steps);
  if (has_h) c.in(batch * steps * units);
  if (has_last) c.in(batch * units);
  c.out(batch * steps * units * 3);
  if (after) c.out(batch * steps * units * 3);
  c.out(batch * units);
}

}  // namespace keratin::KR_ISA
