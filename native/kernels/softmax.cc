// Softmax and its relatives along the middle axis of x [outer, n, inner], and the crossentropies of logits.
// The largest element is subtracted first, so that no exponential overflows.
#include <type_traits>
#include <utility>
#include "kernels/exp_rows.h"
#include "kernels/rows.h"
#include "simd/math_log.h"

namespace keratin::KR_ISA {
namespace {

using simd::V;

// What a kernel writes.
enum class Result { Softmax, LogSoftmax, LogSumExp };

constexpr int64_t kUnitElements = 8192;
constexpr double kNanosecondsPerElement = 0.3;

// x, or 0 where x is infinite or NaN: what logsumexp subtracts, so that a row of -infinity gives -infinity.
template <typename T>
KR_INLINE V<T> finite_or_zero(V<T> x) {
  return select(abs(x) < V<T>(simd::Float<T>::infinity), x, V<T>(T(0)));
}

// Computes e^(x - max) of a row and calls finish(i, left, term) for each vector of terms, the one at x + i, of which `left`
// are in the row. `prepare(max, sum)` makes `finish`. Terms of a row longer than a vector wait in `terms` [n]; those of a
// shorter one stay in a register, since a masked store delays the load that follows it.
template <typename T, typename Prepare>
KR_INLINE void with_terms(T* terms, const T* x, int64_t n, Prepare prepare) {
  constexpr int64_t lanes = V<T>::lanes;
  if (n <= lanes) {
    const V<T> row = load_padded(x, n);
    const V<T> largest = fold_max(row);
    const V<T> term = exp(row - largest);
    return prepare(largest, fold_sum(term))(0, n, term);
  }
  const V<T> largest = row_max(x, n);
  const auto finish = prepare(largest, row_exp_sum(terms, x, n, largest));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) finish(i, lanes, V<T>::load(terms + i));
  if (i < n) finish(i, n - i, V<T>::load_n(terms + i, n - i));
}

// One contiguous row.
template <typename T, Result result>
KR_INLINE void softmax_row(T* out, const T* x, int64_t n) {
  if constexpr (result == Result::Softmax) {
    with_terms(out, x, n, [=](V<T>, V<T> sum) __attribute__((always_inline)) {
      const V<T> scale = V<T>(T(1)) / sum;
      return [=](int64_t i, int64_t left, V<T> term) __attribute__((always_inline)) { store_part(out + i, term * scale, left); };
    });
  } else if constexpr (result == Result::LogSoftmax) {
    const V<T> largest = row_max(x, n), log_sum = log(row_exp_sum<T>(nullptr, x, n, largest));
    for (int64_t i = 0; i < n; i += V<T>::lanes) {
      store_part(out + i, (load_padded(x + i, n - i) - largest) - log_sum, n - i);
    }
  } else {
    const V<T> origin = finite_or_zero(row_max(x, n));
    (origin + log(row_exp_sum<T>(nullptr, x, n, origin))).store_n(out, 1);
  }
}

// One vector of columns, `count` of them, of n rows that are `inner` apart.
template <typename T, Result result>
KR_INLINE void softmax_columns(T* out, const T* x, int64_t n, int64_t inner, int64_t count) {
  V<T> largest(kLowest<T>);
  for (int64_t j = 0; j < n; ++j) largest = max(load_padded(x + j * inner, count), largest);
  if constexpr (result == Result::LogSumExp) largest = finite_or_zero(largest);
  constexpr int64_t block = 64;
  V<T> total(T(0));
  for (int64_t begin = 0; begin < n; begin += block) {
    V<T> sum(T(0));
    for (int64_t j = begin; j < min_of(begin + block, n); ++j) {
      const V<T> term = exp(load_padded(x + j * inner, count) - largest);
      if constexpr (result == Result::Softmax) store_part(out + j * inner, term, count);
      sum += term;
    }
    total += sum;
  }
  if constexpr (result == Result::Softmax) {
    const V<T> scale = V<T>(T(1)) / total;
    for (int64_t j = 0; j < n; ++j) store_part(out + j * inner, load_padded(out + j * inner, count) * scale, count);
  } else if constexpr (result == Result::LogSoftmax) {
    const V<T> log_sum = log(total);
    for (int64_t j = 0; j < n; ++j) {
      store_part(out + j * inner, (load_padded(x + j * inner, count) - largest) - log_sum, count);
    }
  } else {
    store_part(out, largest + log(total), count);
  }
}

// How planes [n, inner] are cut: strips of one vector of columns (one column when inner is 1), several to a unit.
struct Cut {
  int64_t strips;           // of a plane
  int64_t strips_per_unit;  // counted through all planes
};
template <typename T>
inline Cut cut_of(int64_t n, int64_t inner) {
  constexpr int64_t lanes = V<T>::lanes;
  const int64_t width = max_of(1, min_of(inner, lanes));
  return {ceil_div(inner, width), max_of(1, kUnitElements / max_of(1, n * width))};
}

// softmax, log_softmax: out [outer, n, inner]; logsumexp: out [outer, inner], of n elements each.
// ints: [outer, n, inner]. operands: x, out.
template <typename T, Result result>
void softmax_kernel(const Args& args, Range units) {
  const int64_t outer = args.ints[0], n = args.ints[1], inner = args.ints[2];
  const Cut cut = cut_of<T>(n, inner);
  const int64_t end = min_of(units.end * cut.strips_per_unit, outer * cut.strips);
  for (int64_t strip = units.begin * cut.strips_per_unit; strip < end; ++strip) {
    const int64_t o = inner == 1 ? strip : strip / cut.strips;
    const Range columns = inner == 1 ? Range{0, 1} : piece_of(strip % cut.strips, V<T>::lanes, inner);
    const T* x = args.at<const T>(0) + o * n * inner + columns.begin;
    T* out = args.at<T>(1) + o * (result == Result::LogSumExp ? 1 : n) * inner + columns.begin;
    if (inner == 1) {
      softmax_row<T, result>(out, x, n);
    } else {
      softmax_columns<T, result>(out, x, n, inner, columns.end - columns.begin);
    }
  }
}

template <typename T>
Work plan_softmax(const int64_t* ints, bool) {
  const Cut cut = cut_of<T>(ints[1], ints[2]);
  Work work;
  work.units[0] = ceil_div(ints[0] * cut.strips, cut.strips_per_unit);
  work.nanoseconds = 20 + 20 * static_cast<double>(ints[0] * cut.strips) +
                     static_cast<double>(ints[0] * ints[1] * ints[2]) * kNanosecondsPerElement * (sizeof(T) / 4);
  return work;
}

// loss[r] = sum over i of labels[r, i] * (logsumexp(logits[r, :]) - logits[r, i]); probabilities = softmax(logits), which
// less the labels is the gradient. As softmax_cross_entropy_with_logits of TensorFlow.
// ints: [rows, n]. operands: logits [rows, n], labels [rows, n], loss [rows], probabilities [rows, n].
template <typename T>
void softmax_crossentropy(const Args& args, Range units) {
  const int64_t rows = args.ints[0], n = args.ints[1], step = cut_of<T>(n, 1).strips_per_unit;
  for (int64_t row = units.begin * step; row < min_of(units.end * step, rows); ++row) {
    const T *logits = args.at<const T>(0) + row * n, *labels = args.at<const T>(1) + row * n;
    T* probabilities = args.at<T>(3) + row * n;
    V<T> loss(T(0));
    with_terms(probabilities, logits, n, [=, &loss](V<T> largest, V<T> sum) __attribute__((always_inline)) {
      const V<T> scale = V<T>(T(1)) / sum, log_sum = log(sum);
      return [=, &loss](int64_t i, int64_t left, V<T> term) __attribute__((always_inline)) {
        store_part(probabilities + i, term * scale, left);
        const bool whole = left >= V<T>::lanes;
        const V<T> label = whole ? V<T>::load(labels + i) : V<T>::load_n(labels + i, left);
        const V<T> logit = whole ? V<T>::load(logits + i) : V<T>::load_n(logits + i, left);
        loss += label * (log_sum - (logit - largest));
      };
    });
    fold_sum(loss).store_n(args.at<T>(2) + row, 1);
  }
}

// As above with labels int32 [rows], the position of the one that is 1. A label outside [0, n) is a fault.
template <typename T>
void sparse_softmax_crossentropy(const Args& args, Range units) {
  const int64_t rows = args.ints[0], n = args.ints[1], step = cut_of<T>(n, 1).strips_per_unit;
  for (int64_t row = units.begin * step; row < min_of(units.end * step, rows); ++row) {
    const T* logits = args.at<const T>(0) + row * n;
    T* probabilities = args.at<T>(3) + row * n;
    const int32_t label = args.at<const int32_t>(1)[row];
    const bool valid = label >= 0 && label < n;
    if (!valid) args.fault->report(Fault::IndexOutOfRange, label, n);
    const V<T> logit(valid ? logits[label] : simd::Float<T>::nan);
    V<T> loss;
    with_terms(probabilities, logits, n, [=, &loss](V<T> largest, V<T> sum) __attribute__((always_inline)) {
      const V<T> scale = V<T>(T(1)) / sum;
      loss = log(sum) - (logit - largest);
      return [=](int64_t i, int64_t left, V<T> term) __attribute__((always_inline)) {
        store_part(probabilities + i, term * scale, left);
      };
    });
    loss.store_n(args.at<T>(2) + row, 1);
  }
}

template <typename T>
Work plan_crossentropy(const int64_t* ints, bool epilogue) {
  const int64_t shape[] = {ints[0], ints[1], 1};
  return plan_softmax<T>(shape, epilogue);
}

void softmax_contract(Contract& c) {
  const Extent outer = c.size("outer"), n = c.size("n"), inner = c.size("inner");
  c.in(outer * n * inner);
  c.out(outer * n * inner);
}
void logsumexp_contract(Contract& c) {
  const Extent outer = c.size("outer"), n = c.size("n"), inner = c.size("inner");
  c.in(outer * n * inner);
  c.out(outer * inner);
}
void softmax_crossentropy_contract(Contract& c) {
  const Extent rows = c.size("rows"), n = c.size("n");
  c.in(rows * n);
  c.in(rows * n);
  c.out(rows);
  c.out(rows * n);
}
void sparse_softmax_crossentropy_contract(Contract& c) {
  const Extent rows = c.size("rows"), n = c.size("n");
  c.in(rows * n);
  c.in(DType::I32, rows);
  c.out(rows);
  c.out(rows * n);
}

template <typename T>
constexpr auto softmax = softmax_kernel<T, Result::Softmax>;
template <typename T>
constexpr auto log_softmax = softmax_kernel<T, Result::LogSoftmax>;
template <typename T>
constexpr auto logsumexp = softmax_kernel<T, Result::LogSumExp>;

constexpr KernelRow kernels[] = {
    KR_ROWS_FLOAT("softmax", softmax, plan_softmax, softmax_contract),
    KR_ROWS_FLOAT("log_softmax", log_softmax, plan_softmax, softmax_contract),
    KR_ROWS_FLOAT("logsumexp", logsumexp, plan_softmax, logsumexp_contract),
    KR_ROWS_FLOAT("softmax_crossentropy", softmax_crossentropy, plan_crossentropy, softmax_crossentropy_contract),
    KR_ROWS_FLOAT("sparse_softmax_crossentropy", sparse_softmax_crossentropy, plan_crossentropy, sparse_softmax_crossentropy_contract),
};

}  // namespace

KR_FAMILY(softmax, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
