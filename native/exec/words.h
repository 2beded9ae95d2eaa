// Reads the flat array of numbers in which plans cross from JavaScript.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>

namespace keratin {

// A cursor over the words of a plan. After the first bad word every read gives its lower bound, and `error` says what was
// wrong; so a reader checks `ok()` before it relies on what it read, and before every loop whose length was read.
class Words {
 public:
  Words(const double* words, int64_t count) : begin_(words), next_(words), end_(words + count) {}

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  int64_t left() const { return end_ - next_; }

  // The next word, an integer in [low, high]; `what` names it in the message.
  int64_t integer(const char* what, int64_t low, int64_t high) {
    const double word = real(what);
    if (!ok()) return low;
    if (word == std::floor(word) && word >= static_cast<double>(low) && word <= static_cast<double>(high))
      return static_cast<int64_t>(word);
    fail(std::string(what) + ": expected an integer in [" + std::to_string(low) + ", " + std::to_string(high) + "], received " +
         std::to_string(word));
    return low;
  }

  // The number of items that follow, each at least `words_each` long.
  int64_t count(const char* what, int64_t words_each = 1) { return integer(what, 0, left() / words_each); }

  // The next word, any number.
  double real(const char* what) {
    if (ok() && next_ == end_) fail(std::string(what) + ": the words end too early");
    return ok() ? *next_++ : 0;
  }

  void fail(const std::string& message) {
    if (ok()) error_ = "word " + std::to_string(next_ - begin_ - 1) + " of the plan: " + message;
  }
  // What is wrong with the plan, but with no word alone.
  void refuse(const std::string& message) {
    if (ok()) error_ = message;
  }

 private:
  const double* begin_;
  const double* next_;
  const double* end_;
  std::string error_;
};

// Widest integer that a word carries exactly.
inline constexpr int64_t kMaxWord = int64_t{1} << 53;

}  // namespace keratin
