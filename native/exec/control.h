// Control flow: an instruction that runs other plans, its children, on its own operands.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>
#include "exec/words.h"

namespace keratin {

class History;
class Plan;
struct Outcome;
using Plans = std::vector<std::shared_ptr<Plan>>;

// Written in a plan's words as the integers of an instruction with the kernel id -2:
//   branch: [0, n, child of each branch...]                   operands: index (int32, clamped to [0, n)), inputs, outputs
//   while:  [1, condition, body, constants, carries, most]    operands: constants, initial carries, final carries
//   unwind: [3, condition, body, backward, constants, carries, most, states]
//                                                             operands: constants, initial carries, initial states, final states
//   scan:   [2, body, constants, carries, slices, rows, length, reverse]
//                                                             operands: constants, initial carries, slices, final carries, rows
// Children are positions in the list given with the words. A branch's children take (inputs, outputs). The condition takes (constants,
// carries, one bool); the body of a while takes (constants, carries, next carries), and of a scan (constants, carries, one row of each
// of the slices, next carries, one row of each output). `most` is the number of steps at most, -1 for no bound. An unwind runs the while loop
// of its first integers and keeps the carries before each step, however many there are; then, from the last step to the first, its third child,
// which takes (constants, carries before the step, states, next states).
class Control {
 public:
  // Bytes that an operand must have.
  struct Reach {
    int64_t operand, bytes;
  };

  // Null, with the reason in `words`, when the integers do not fit the children.
  static std::unique_ptr<Control> read(Words& words, const Plans& children, int64_t operand_count);

  std::vector<Reach> reaches() const;
  // Scratch that `run` needs, aligned.
  int64_t scratch_bytes() const;
  // Runs the children. Ends with the first that does not end well.
  Outcome run(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const;

 private:
  enum Kind { Branch, While, Scan, Unwind };

  void read_loop(Words& words, int64_t operand_count);
  bool fits(int64_t operand_count) const;
  bool loop_fits(size_t operands, const std::vector<int64_t>& body) const;
  bool unwind_fits(size_t operands) const;
  std::vector<void*> second_carries(char* scratch) const;
  Outcome run_branch(void* const* operands, const std::atomic<bool>* cancel) const;
  Outcome run_while(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const;
  Outcome run_scan(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const;
  Outcome run_unwind(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const;
  // Runs the loop of an unwind; `history` gets where the carries before each step are.
  Outcome run_forward(void* const* operands, char* scratch, History& history, const std::atomic<bool>* cancel) const;
  void copy_carries(void* const* from, void* const* to) const;
  int64_t carry_bytes(int64_t i) const;
  // What goes to and fro between two places: carries, of an unwind states.
  size_t moving() const { return kind_ == Unwind ? states_ : carries_; }
  int64_t moving_bytes(size_t i) const;

  Kind kind_ = Branch;
  Plans plans_;  // of a while: condition, body; of an unwind also backward
  size_t constants_ = 0, carries_ = 0, slices_ = 0, rows_ = 0, states_ = 0;
  int64_t length_ = 0;  // of a while and an unwind: steps at most, or -1
  bool reverse_ = false;
};

}  // namespace keratin
