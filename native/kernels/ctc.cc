// Kernels: connectionist temporal classification (A. Graves, S. Fernandez, F. Gomez, J. Schmidhuber, 2006), a sample a unit.
//
// The states are those of Keras on JAX: before each label a gap (phi) of n = 0 .. labels, and for each label an emission (emit).
// What is impossible weighs exp(-1e5) instead of nothing, so that the loss of labels that do not fit is large and finite, and
// equal to Keras's. All is computed in float64, a vector of states at a time.
#include <utility>
#include "kernels/rows.h"
#include "simd/math_exp.h"
#include "simd/math_log.h"

namespace keratin::KR_ISA {
namespace {

using V = simd::V<double>;

constexpr double kImpossible = -1e5;

// A number, or a number with its derivative along a direction (a dual number).
template <bool dual>
struct Num {
  V v, d;
};
template <bool dual>
KR_INLINE Num<dual> operator+(Num<dual> a, Num<dual> b) {
  if constexpr (dual) return {a.v + b.v, a.d + b.d};
  else return {a.v + b.v, 0.0};
}
template <bool dual>
KR_INLINE Num<dual> operator*(Num<dual> a, Num<dual> b) {
  if constexpr (dual) return {a.v * b.v, a.v * b.d + a.d * b.v};
  else return {a.v * b.v, 0.0};
}
template <bool dual>
KR_INLINE Num<dual> plus(Num<dual> a, V constant) {
  return {a.v + constant, a.d};
}

// The share of exp(a) in exp(a) + exp(b), half where both are minus infinity.
template <bool dual>
KR_INLINE Num<dual> share(Num<dual> a, Num<dual> b) {
  const V difference = b.v - a.v;
  const V s = V(1.0) / (V(1.0) + simd::exp(select(simd::is_nan(difference), V(0.0), difference)));
  if constexpr (dual) return {s, s * (V(1.0) - s) * (a.d - b.d)};
  else return {s, 0.0};
}
// log(exp(a) + exp(b)).
template <bool dual>
KR_INLINE Num<dual> log_add(Num<dual> a, Num<dual> b) {
  const V difference = a.v - b.v;
  const V sum = max(a.v, b.v) + simd::log1p(simd::exp(-simd::abs(difference)));
  const V v = select(simd::is_nan(difference), a.v + b.v, sum);
  if constexpr (!dual) return {v, 0.0};
  const Num<dual> s = share(a, b);
  return {v, s.v * a.d + (V(1.0) - s.v) * b.d};
}

// ints: [samples, steps, classes, labels, mask]: labels are padded to a length, `mask` is the class of the gaps.
struct Sizes {
  int64_t samples, steps, classes, labels, mask;
  int64_t width;  // doubles of a row of states: labels + 1, filled up to vectors, and one vector before the first

  explicit Sizes(const int64_t* ints) : samples(ints[0]), steps(ints[1]), classes(ints[2]), labels(ints[3]), mask(ints[4]) {
    width = (ceil_div(labels + 1, V::lanes) + 1) * V::lanes;
  }
  int64_t states() const { return labels + 1; }
};

// A row of states as arrays. Place -1 may be read: it stands before the first.
template <bool dual>
struct Row {
  double* v;
  double* d;  // derivatives; the same as v where there are none

  KR_INLINE Num<dual> at(int64_t n) const {
    if constexpr (dual) return {V::load(v + n), V::load(d + n)};
    else return {V::load(v + n), 0.0};
  }
  KR_INLINE void set(int64_t n, Num<dual> x) const {
    x.v.store(v + n);
    if constexpr (dual) x.d.store(d + n);
  }
  void fill(double value, int64_t count) const {
    for (int64_t n = 0; n < count; ++n) {
      v[n] = value;
      if constexpr (dual) d[n] = 0;
    }
  }
};

template <bool dual>
KR_INLINE Row<dual> row_at(double* p, int64_t width) {
  return {p + V::lanes, p + (dual ? width : 0) + V::lanes};
}

// Scratch of a sample: rows of `width` numbers.
template <bool dual>
struct Memory {
  double* next;
  int64_t width;

  Row<dual> row() {
    const Row<dual> r = row_at<dual>(next, width);
    for (int64_t i = 0; i < (dual ? 2 : 1) * width; ++i) next[i] = 0;
    next += (dual ? 2 : 1) * width;
    return r;
  }
};

// Rows that a kernel needs: the masks of repetition, a step's input, the row before the first step, two rows a step where the
// gradient looks back, and the gradient's own.
KR_INLINE int64_t rows_of(int64_t steps) { return 12 + 2 * steps; }

template <typename T, bool dual>
struct Sample {
  Sizes sizes;
  const T* scores;    // [steps, classes], logarithms of probabilities
  const T* direction; // the derivatives' direction
  const int32_t* target;
  int64_t length, steps;  // of the target and of the scores
  Row<dual> repeats, fresh, emitted;  // repeats[n]: -1e5 where label n - 1 equals label n, else 0; fresh: the other way round

  // The scores of the labels at a step into `emitted`, and that of the gap.
  Num<dual> read(int64_t t) const {
    const T* row = scores + t * sizes.classes;
    const T* slope = direction + (dual ? t * sizes.classes : 0);
    for (int64_t n = 0; n < sizes.labels; ++n) {
      const int32_t label = target[n];
      const bool known = label >= 0 && label < sizes.classes;
      emitted.v[n] = known ? static_cast<double>(row[label]) : 0;
      if constexpr (dual) emitted.d[n] = known ? static_cast<double>(slope[label]) : 0;
    }
    Num<dual> gap = {V(static_cast<double>(row[sizes.mask])), 0.0};
    if constexpr (dual) gap.d = V(static_cast<double>(slope[sizes.mask]));
    return gap;
  }
};

// Which lanes of the vector at place n are states above the first.
KR_INLINE simd::Mask<8> above_first(int64_t n) {
  alignas(64) double lane[V::lanes];
  for (int i = 0; i < V::lanes; ++i) lane[i] = static_cast<double>(n + i);
  return V::load(lane) > V(0.0);
}
template <bool dual>
KR_INLINE Num<dual> choose(simd::Mask<8> m, Num<dual> a, Num<dual> b) {
  if constexpr (dual) return {select(m, a.v, b.v), select(m, a.d, b.d)};
  else return {select(m, a.v, b.v), 0.0};
}

// The gaps after the empty transition from the emission before, but for repeated labels.
template <typename T, bool dual>
KR_INLINE Num<dual> joined(const Sample<T, dual>& s, Row<dual> phi, Row<dual> emit, int64_t n) {
  const Num<dual> own = phi.at(n);
  return choose(above_first(n), log_add(own, plus(emit.at(n - 1), s.repeats.at(n).v)), own);
}

// A step from (phi, emit) to the next rows.
template <typename T, bool dual>
void advance(const Sample<T, dual>& s, int64_t t, Row<dual> phi, Row<dual> emit, Row<dual> next_phi, Row<dual> next_emit) {
  const Num<dual> gap = s.read(t);
  for (int64_t n = 0; n < s.sizes.states(); n += V::lanes) {
    const Num<dual> before = joined(s, phi, emit, n);
    next_emit.set(n, s.emitted.at(n) + log_add(before, emit.at(n)));
    const Num<dual> stay = before + gap;
    next_phi.set(n, choose(above_first(n), log_add(stay, plus(emit.at(n - 1) + gap, s.fresh.at(n).v)), stay));
  }
}

template <typename T, bool dual>
KR_INLINE Sample<T, dual> sample_of(const Args& args, const Sizes& sizes, int64_t b, int first, Memory<dual>& memory) {
  const T* scores = args.at<const T>(0) + b * sizes.steps * sizes.classes;
  const T* direction = dual ? args.at<const T>(1) + b * sizes.steps * sizes.classes : nullptr;
  const int32_t* target = args.at<const int32_t>(first) + b * sizes.labels;
  const int64_t length = max_of(0, min_of(args.at<const int32_t>(first + 1)[b], sizes.labels));
  const int64_t steps = max_of(0, min_of(args.at<const int32_t>(first + 2)[b], sizes.steps));
  const Sample<T, dual> s = {sizes, scores, direction, target, length, steps, memory.row(), memory.row(), memory.row()};
  for (int64_t n = 1; n <= sizes.labels; ++n) {
    const bool repeated = n < sizes.labels && target[n - 1] == target[n];
    s.repeats.v[n] = repeated ? kImpossible : 0;
    s.fresh.v[n] = repeated ? 0 : kImpossible;
  }
  return s;
}

template <bool dual>
KR_INLINE void start(Row<dual> phi, Row<dual> emit, const Sizes& sizes) {
  phi.fill(kImpossible, sizes.width - V::lanes);
  emit.fill(kImpossible, sizes.width - V::lanes);
  phi.v[0] = 0;
}

// The logarithm of the probability of the target from the rows after the last step.
template <bool dual>
KR_INLINE Num<dual> total(Row<dual> phi, Row<dual> emit, int64_t length) {
  const Num<dual> gap = {V(phi.v[length]), V(phi.d[length])};
  if (length == 0) return gap;
  return log_add(gap, Num<dual>{V(emit.v[length - 1]), V(emit.d[length - 1])});
}
KR_INLINE double first_of(V x) {
  alignas(64) double lane[V::lanes];
  x.store(lane);
  return lane[0];
}

// out[b] = -log P(target[b] | scores[b]).
// operands: scores [samples, steps, classes], target int32 [samples, labels], target length int32 [samples], steps int32 [samples],
// out [samples].
template <typename T>
void ctc_loss(const Args& args, Range units) {
  const Sizes sizes(args.ints);
  for (int64_t b = units.begin; b < units.end; ++b) {
    Memory<false> memory = {static_cast<double*>(args.local), sizes.width};
    const Sample<T, false> s = sample_of<T, false>(args, sizes, b, 1, memory);
    Row<false> phi = memory.row(), emit = memory.row(), next_phi = memory.row(), next_emit = memory.row();
    start(phi, emit, sizes);
    for (int64_t t = 0; t < s.steps; ++t) {
      advance(s, t, phi, emit, next_phi, next_emit);
      std::swap(phi, next_phi);
      std::swap(emit, next_emit);
    }
    args.at<T>(4)[b] = static_cast<T>(-first_of(total(phi, emit, s.length).v));
  }
}

// Rows of the gradient by the states after a step, and by those before it.
template <bool dual>
struct Slopes {
  Row<dual> phi, emit, phi_before, emit_before;
};

// Takes the gradient back over step t. `emitted` of the sample receives the gradient by the labels' scores; gives that by the gap's,
// a part a lane.
template <typename T, bool dual>
Num<dual> retreat(const Sample<T, dual>& s, int64_t t, Row<dual> phi, Row<dual> emit, const Slopes<dual>& g) {
  const Num<dual> gap = s.read(t), zero = {0.0, 0.0};
  Num<dual> by_gap = zero;
  const int64_t states = s.sizes.states();
  g.emit_before.fill(0, states);
  for (int64_t n = 0; n < states; n += V::lanes) {
    const auto above = above_first(n);
    const Num<dual> before = joined(s, phi, emit, n), own = emit.at(n), previous = emit.at(n - 1);
    const Num<dual> by_emit = g.emit.at(n), by_phi = g.phi.at(n);
    const Num<dual> from_gap = share(before, own), from_self = share(own, before);
    const Num<dual> stay = before + gap, blank = plus(previous + gap, s.fresh.at(n).v);
    const Num<dual> one = {1.0, 0.0};
    const Num<dual> stays = choose(above, share(stay, blank), one), leaves = choose(above, share(blank, stay), zero);
    const Num<dual> by_before = by_emit * from_gap + by_phi * stays;
    const Num<dual> state = phi.at(n), empty = plus(previous, s.repeats.at(n).v);
    const Num<dual> kept = choose(above, share(state, empty), one), came = choose(above, share(empty, state), zero);
    by_gap = by_gap + by_phi;
    s.emitted.set(n, by_emit);
    g.phi_before.set(n, by_before * kept);
    g.emit_before.set(n, g.emit_before.at(n) + by_emit * from_self);
    g.emit_before.set(n - 1, g.emit_before.at(n - 1) + by_phi * leaves + by_before * came);
  }
  return by_gap;
}

template <bool dual>
KR_INLINE double part_of(Num<dual> x) {
  alignas(64) double lane[V::lanes];
  (dual ? x.d : x.v).store(lane);
  double sum = 0;
  for (double value : lane) sum += value;
  return sum;
}

// The gradient of the loss by the scores into out [steps, classes]; with `dual` its derivative along the direction.
template <typename T, bool dual>
void gradient_of(const Sample<T, dual>& s, Memory<dual>& memory, T* out) {
  const Sizes& sizes = s.sizes;
  Slopes<dual> g = {memory.row(), memory.row(), memory.row(), memory.row()};
  Row<dual> phi = memory.row(), emit = memory.row();
  double* history = memory.next;
  const int64_t stride = 2 * (dual ? 2 : 1) * sizes.width;
  start(phi, emit, sizes);
  for (int64_t t = 0; t < s.steps; ++t) {
    Memory<dual> step = {history + t * stride, sizes.width};
    const Row<dual> next_phi = step.row(), next_emit = step.row();
    advance(s, t, phi, emit, next_phi, next_emit);
    phi = next_phi;
    emit = next_emit;
  }
  if (s.length > 0) {
    const Num<dual> gap = {V(phi.v[s.length]), V(phi.d[s.length])}, last = {V(emit.v[s.length - 1]), V(emit.d[s.length - 1])};
    const Num<dual> from_gap = share(gap, last), from_last = share(last, gap);
    g.phi.v[s.length] = -first_of(from_gap.v);
    g.emit.v[s.length - 1] = -first_of(from_last.v);
    if constexpr (dual) {
      g.phi.d[s.length] = -first_of(from_gap.d);
      g.emit.d[s.length - 1] = -first_of(from_last.d);
    }
  } else {
    g.phi.v[0] = -1;
  }
  for (int64_t i = 0; i < sizes.steps * sizes.classes; ++i) out[i] = 0;
  for (int64_t t = s.steps - 1; t >= 0; --t) {
    Row<dual> phi_before = phi, emit_before = emit;
    if (t == 0) {
      start(phi_before, emit_before, sizes);
    } else {
      phi_before = row_at<dual>(history + (t - 1) * stride, sizes.width);
      emit_before = row_at<dual>(history + (t - 1) * stride + stride / 2, sizes.width);
    }
    const Num<dual> by_gap = retreat(s, t, phi_before, emit_before, g);
    T* to = out + t * sizes.classes;
    for (int64_t n = 0; n < sizes.labels; ++n) {
      const int32_t label = s.target[n];
      if (label >= 0 && label < sizes.classes) to[label] += static_cast<T>(dual ? s.emitted.d[n] : s.emitted.v[n]);
    }
    to[sizes.mask] += static_cast<T>(part_of(by_gap));
    std::swap(g.phi, g.phi_before);
    std::swap(g.emit, g.emit_before);
  }
}

// out = the gradient of ctc_loss by the scores. operands: as of ctc_loss, out [samples, steps, classes].
template <typename T>
void ctc_gradient(const Args& args, Range units) {
  const Sizes sizes(args.ints);
  for (int64_t b = units.begin; b < units.end; ++b) {
    Memory<false> memory = {static_cast<double*>(args.local), sizes.width};
    const Sample<T, false> s = sample_of<T, false>(args, sizes, b, 1, memory);
    gradient_of(s, memory, args.at<T>(4) + b * sizes.steps * sizes.classes);
  }
}

// out = the derivative of ctc_gradient along a direction: the matrix of second derivatives times it.
// operands: scores, direction [samples, steps, classes], target, target length, steps, out [samples, steps, classes].
template <typename T>
void ctc_curvature(const Args& args, Range units) {
  const Sizes sizes(args.ints);
  for (int64_t b = units.begin; b < units.end; ++b) {
    Memory<true> memory = {static_cast<double*>(args.local), sizes.width};
    const Sample<T, true> s = sample_of<T, true>(args, sizes, b, 2, memory);
    gradient_of(s, memory, args.at<T>(5) + b * sizes.steps * sizes.classes);
  }
}

template <int numbers, bool looks_back>
Work plan_ctc(const int64_t* ints, bool) {
  const Sizes sizes(ints);
  Work work;
  work.units[0] = sizes.samples;
  work.local_bytes = rows_of(looks_back ? sizes.steps : 0) * numbers * sizes.width * 8;
  work.nanoseconds = 50 + static_cast<double>(sizes.samples * sizes.steps) * (20 + 12 * numbers * (looks_back ? 4 : 1) * static_cast<double>(sizes.states()));
  return work;
}

// States the integers, and the operands before the result; `inputs` of them are as large as the scores. Gives the samples and that size.
struct CtcExtents {
  Extent samples, scores;
};
CtcExtents ctc_inputs(Contract& c, int inputs) {
  const Extent samples = c.size("samples"), steps = c.size("steps"), classes = c.size("classes", 1, INT32_MAX), labels = c.size("labels");
  c.integer("mask", 0, classes.count() - 1);
  c.bounded("rows of states", (steps + 8) * (labels + 4 * V::lanes) * 64);
  for (int i = 0; i < inputs; ++i) c.in(samples * steps * classes);
  c.in(DType::I32, samples * labels);
  c.in(DType::I32, samples);
  c.in(DType::I32, samples);
  return {samples, samples * steps * classes};
}
void ctc_loss_contract(Contract& c) { c.out(ctc_inputs(c, 1).samples); }
void ctc_gradient_contract(Contract& c) { c.out(ctc_inputs(c, 1).scores); }
void ctc_curvature_contract(Contract& c) { c.out(ctc_inputs(c, 2).scores); }

constexpr KernelRow kernels[] = {
    {"ctc_loss", DType::F32, ctc_loss<float>, plan_ctc<1, false>, ctc_loss_contract},
    {"ctc_loss", DType::F64, ctc_loss<double>, plan_ctc<1, false>, ctc_loss_contract},
    {"ctc_gradient", DType::F32, ctc_gradient<float>, plan_ctc<1, true>, ctc_gradient_contract},
    {"ctc_gradient", DType::F64, ctc_gradient<double>, plan_ctc<1, true>, ctc_gradient_contract},
    {"ctc_curvature", DType::F32, ctc_curvature<float>, plan_ctc<2, true>, ctc_curvature_contract},
    {"ctc_curvature", DType::F64, ctc_curvature<double>, plan_ctc<2, true>, ctc_curvature_contract},
};

}  // namespace

KR_FAMILY(ctc, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
