// Kernels: reading labels from the scores of connectionist temporal classification, a sample a unit.
#include <utility>
#include "kernels/rows.h"
#include "simd/math_exp.h"
#include "simd/math_log.h"

namespace keratin::KR_ISA {
namespace {

// out[b] = the classes of a sample without gaps (`mask`) and, if asked for, without repetitions, then -1.
// ints: [samples, steps, mask, merge]. operands: classes int32 [samples, steps], lengths int32 [samples], out int32 [samples, steps].
void ctc_collapse(const Args& args, Range units) {
  const int64_t steps = args.ints[1];
  const int32_t mask = static_cast<int32_t>(args.ints[2]);
  const bool merge = args.ints[3] != 0;
  for (int64_t b = units.begin; b < units.end; ++b) {
    const int32_t* classes = args.at<const int32_t>(0) + b * steps;
    int32_t* out = args.at<int32_t>(2) + b * steps;
    const int64_t length = min_of(args.at<const int32_t>(1)[b], steps);
    int64_t count = 0;
    for (int64_t t = 0; t < length; ++t) {
      if (classes[t] == mask || (merge && t > 0 && classes[t] == classes[t - 1])) continue;
      out[count++] = classes[t];
    }
    for (; count < steps; ++count) out[count] = -1;
  }
}

Work plan_ctc_collapse(const int64_t* ints, bool) {
  Work work;
  work.units[0] = ints[0];
  work.nanoseconds = 20 + 2 * static_cast<double>(ints[0] * ints[1]);
  return work;
}

// ints of ctc_beam_search.
struct Search {
  int64_t samples, steps, classes, mask, width, paths;
  explicit Search(const int64_t* ints)
      : samples(ints[0]), steps(ints[1]), classes(ints[2]), mask(ints[3]), width(ints[4]), paths(ints[5]) {}
};

KR_INLINE double log_sum(double a, double b) {
  const double larger = a > b ? a : b, smaller = a > b ? b : a;
  if (smaller == -simd::Float<double>::infinity) return larger;
  alignas(64) double lane[simd::V<double>::lanes];
  simd::log1p(simd::exp(simd::V<double>(smaller - larger))).store(lane);
  return larger + lane[0];
}

// The beginning of a label sequence with its probability, apart by whether the last step was a gap.
struct Beam {
  double emitted, masked, total;
  int64_t length;
  uint64_t hash;
  int32_t* labels;
};
// What a beam becomes by a step: itself, or itself and a label.
struct Candidate {
  double emitted, masked, total;
  int32_t beam, label;  // label -1: none is added
};

// Beams of a search and what may follow them.
struct Beams {
  Beam *now, *next;
  Candidate* best;  // a heap with the worst on top
  int64_t count, kept;
  const Search* search;
};

// Label `at` of a candidate's sequence; -1 behind its end.
KR_INLINE int32_t label_at(const Beams& beams, const Candidate& c, int64_t at) {
  const Beam& beam = beams.now[c.beam];
  return at < beam.length ? beam.labels[at] : at == beam.length ? c.label : -1;
}
// Whether a is worse than b. Equally probable sequences are told apart by their first different label: the smaller one is better, but an
// end is worst, as in Keras.
bool worse(const Beams& beams, const Candidate& a, const Candidate& b) {
  if (a.total != b.total) return a.total < b.total;
  for (int64_t at = 0; at <= beams.search->steps; ++at) {
    const int32_t x = label_at(beams, a, at), y = label_at(beams, b, at);
    if (x != y) return y >= 0 && (x < 0 || x > y);
    if (x < 0) return false;
  }
  return false;
}

void sift_down(Beams& beams, int64_t at) {
  for (;;) {
    int64_t least = at;
    for (int64_t child = 2 * at + 1; child <= 2 * at + 2 && child < beams.kept; ++child) {
      if (worse(beams, beams.best[child], beams.best[least])) least = child;
    }
    if (least == at) return;
    std::swap(beams.best[at], beams.best[least]);
    at = least;
  }
}
// Keeps a candidate if it is among the best `width`.
void offer(Beams& beams, const Candidate& c) {
  if (c.total == -simd::Float<double>::infinity) return;
  if (beams.kept == beams.search->width) {
    if (worse(beams, beams.best[0], c)) {
      beams.best[0] = c;
      sift_down(beams, 0);
    }
    return;
  }
  int64_t at = beams.kept++;
  beams.best[at] = c;
  for (int64_t parent; at > 0 && worse(beams, beams.best[at], beams.best[parent = (at - 1) / 2]); at = parent) {
    std::swap(beams.best[at], beams.best[parent]);
  }
}

KR_INLINE uint64_t extended(uint64_t hash, int32_t label) {
  return (hash ^ static_cast<uint64_t>(label + 1)) * 0x9e3779b97f4a7c15 + (hash >> 29);
}

// The beam that is `parent` and one label more, or -1.
KR_INLINE bool follows(const Beam& child, const Beam& parent) {
  return child.length == parent.length + 1 && child.hash == extended(parent.hash, child.labels[parent.length]) &&
         std::memcmp(child.labels, parent.labels, static_cast<size_t>(parent.length) * sizeof(int32_t)) == 0;
}

template <typename T>
KR_INLINE double emission(const Beam& beam, int32_t label, const T* scores) {
  const bool repeats = beam.length > 0 && beam.labels[beam.length - 1] == label;
  return (repeats ? beam.masked : log_sum(beam.emitted, beam.masked)) + static_cast<double>(scores[label]);
}

// All that beams may become by a step. A beam that another one becomes by its last label takes that one's share.
template <typename T>
void expand(Beams& beams, const T* scores, int32_t* absorbed) {
  const Search& search = *beams.search;
  beams.kept = 0;
  for (int64_t q = 0; q < beams.count; ++q) {
    const Beam& beam = beams.now[q];
    const double gap = static_cast<double>(scores[search.mask]);
    Candidate c = {-simd::Float<double>::infinity, log_sum(beam.emitted, beam.masked) + gap, 0, static_cast<int32_t>(q), -1};
    absorbed[q] = -1;
    if (beam.length > 0) {
      const int32_t last = beam.labels[beam.length - 1];
      c.emitted = beam.emitted + static_cast<double>(scores[last]);
      for (int64_t p = 0; p < beams.count; ++p) {
        if (!follows(beam, beams.now[p])) continue;
        absorbed[q] = static_cast<int32_t>(p);
        c.emitted = log_sum(c.emitted, emission(beams.now[p], last, scores));
      }
    }
    c.total = log_sum(c.emitted, c.masked);
    offer(beams, c);
  }
  for (int64_t p = 0; p < beams.count; ++p) {
    const Beam& beam = beams.now[p];
    for (int32_t label = 0; label < search.classes; ++label) {
      if (label == search.mask) continue;
      const double value = emission(beam, label, scores);
      if (beams.kept == search.width && value < beams.best[0].total) continue;
      bool taken = false;
      for (int64_t q = 0; q < beams.count && !taken; ++q) {
        taken = absorbed[q] == p && beams.now[q].labels[beam.length] == label;
      }
      if (!taken) offer(beams, {value, -simd::Float<double>::infinity, value, static_cast<int32_t>(p), label});
    }
  }
}

// Makes the kept candidates the beams.
void settle(Beams& beams) {
  for (int64_t i = 0; i < beams.kept; ++i) {
    const Candidate& c = beams.best[i];
    const Beam& from = beams.now[c.beam];
    Beam& to = beams.next[i];
    std::memcpy(to.labels, from.labels, static_cast<size_t>(from.length) * sizeof(int32_t));
    to.emitted = c.emitted;
    to.masked = c.masked;
    to.total = c.total;
    to.length = from.length;
    to.hash = from.hash;
    if (c.label >= 0) {
      to.labels[to.length++] = c.label;
      to.hash = extended(to.hash, c.label);
    }
  }
  beams.count = beams.kept;
  std::swap(beams.now, beams.next);
}

// Scratch: beams and their labels, twice, candidates, and a number for each beam.
KR_INLINE int64_t bytes_of(const Search& s) {
  return s.width * (2 * static_cast<int64_t>(sizeof(Beam)) + static_cast<int64_t>(sizeof(Candidate)) + 4 + 8 * max_of(1, s.steps)) + 64;
}

// The most probable labels of a sample: all that a step may add to the best beginnings, of which the best are kept (A. Graves,
// N. Jaitly, 2014). The first step counts also where the length is 0, as in Keras.
// ints: [samples, steps, classes, mask, width, paths]. operands: scores [samples, steps, classes], lengths int32 [samples],
// labels int32 [paths, samples, steps], logarithms of probabilities [samples, paths].
template <typename T>
void ctc_beam_search(const Args& args, Range units) {
  const Search s(args.ints);
  Beams beams = {static_cast<Beam*>(args.local), static_cast<Beam*>(args.local) + s.width, nullptr, 0, 0, &s};
  beams.best = reinterpret_cast<Candidate*>(beams.next + s.width);
  int32_t* absorbed = reinterpret_cast<int32_t*>(beams.best + s.width);
  int32_t* labels = absorbed + s.width;
  for (int64_t i = 0; i < 2 * s.width; ++i) beams.now[i].labels = labels + i * s.steps;
  for (int64_t b = units.begin; b < units.end; ++b) {
    const T* scores = args.at<const T>(0) + b * s.steps * s.classes;
    Beam& empty = beams.now[0];
    empty.emitted = -simd::Float<double>::infinity;
    empty.masked = empty.total = 0;
    empty.length = 0;
    empty.hash = 0;
    beams.count = 1;
    const int64_t length = max_of(1, min_of(args.at<const int32_t>(1)[b], s.steps));
    for (int64_t t = 0; t < length; ++t) {
      expand(beams, scores + t * s.classes, absorbed);
      settle(beams);
    }
    // The best in order: the top of the heap is the worst each time.
    for (int64_t i = 0; i < beams.count; ++i) beams.best[i] = {0, 0, beams.now[i].total, static_cast<int32_t>(i), -1};
    beams.kept = beams.count;
    for (int64_t i = beams.kept / 2 - 1; i >= 0; --i) sift_down(beams, i);
    for (; beams.kept > 1; sift_down(beams, 0)) std::swap(beams.best[0], beams.best[--beams.kept]);
    for (int64_t k = 0; k < s.paths; ++k) {
      int32_t* out = args.at<int32_t>(2) + (k * s.samples + b) * s.steps;
      const bool exists = k < beams.count;
      const Beam& beam = beams.now[exists ? beams.best[k].beam : 0];
      for (int64_t t = 0; t < s.steps; ++t) out[t] = exists && t < beam.length ? beam.labels[t] : -1;
      args.at<T>(3)[b * s.paths + k] = static_cast<T>(exists ? beam.total : -simd::Float<double>::infinity);
    }
  }
}

Work plan_ctc_beam_search(const int64_t* ints, bool) {
  const Search s(ints);
  Work work;
  work.units[0] = s.samples;
  work.local_bytes = bytes_of(s);
  work.nanoseconds = static_cast<double>(s.samples * s.steps * s.width) * (10 + 5 * static_cast<double>(s.classes) + static_cast<double>(s.width));
  return work;
}

void ctc_collapse_contract(Contract& c) {
  const Extent samples = c.size("samples"), steps = c.size("steps");
  c.integer("mask", INT32_MIN, INT32_MAX);
  c.flag("merge");
  c.in(samples * steps);
  c.in(DType::I32, samples);
  c.out(samples * steps);
}
void ctc_beam_search_contract(Contract& c) {
  const Extent samples = c.size("samples"), steps = c.size("steps", 1), classes = c.size("classes", 1, INT32_MAX);
  c.integer("mask", 0, classes.count() - 1);
  const Extent width = c.size("width", 1, INT32_MAX), paths = c.size("paths", 1);
  c.bounded("beams", width * (steps + 64) * 16);
  c.bounded("steps of all beams", samples * steps * width);
  c.in(samples * steps * classes);
  c.in(DType::I32, samples);
  c.out(DType::I32, paths * samples * steps);
  c.out(samples * paths);
}

constexpr KernelRow kernels[] = {
    {"ctc_collapse", DType::I32, ctc_collapse, plan_ctc_collapse, ctc_collapse_contract},
    {"ctc_beam_search", DType::F32, ctc_beam_search<float>, plan_ctc_beam_search, ctc_beam_search_contract},
    {"ctc_beam_search", DType::F64, ctc_beam_search<double>, plan_ctc_beam_search, ctc_beam_search_contract},
};

}  // namespace

KR_FAMILY(ctc_decode, KR_ROWS(kernels), {})

}  // namespace keratin::KR_ISA
