#include "exec/control.h"

#include <algorithm>
#include <cstring>
#include "exec/memory.h"
#include "exec/plan.h"

namespace keratin {

// Carries of loops whose number of steps is not known beforehand: entries of one size in blocks that do not move, each twice as long as the last.
class History {
 public:
  explicit History(int64_t entry_bytes) : entry_bytes_(std::max<int64_t>(entry_bytes, 1)) {}

  // A new entry; null when there is no memory for it.
  char* push() {
    if (used_ == room_) {
      const int64_t entries = std::clamp<int64_t>(kMostBytes / entry_bytes_, 1, blocks_.empty() ? 4 : 2 * room_);
      blocks_.emplace_back(entries * entry_bytes_);
      if (blocks_.back().data() == nullptr) return nullptr;
      used_ = 0;
      room_ = entries;
    }
    entries_.push_back(blocks_.back().data() + used_++ * entry_bytes_);
    return entries_.back();
  }

  char* operator[](size_t i) const { return entries_[i]; }

 private:
  static constexpr int64_t kMostBytes = int64_t{64} << 20;  // of a block of several entries

  const int64_t entry_bytes_;
  int64_t used_ = 0, room_ = 0;  // in the last block
  std::vector<AlignedBlock> blocks_;
  std::vector<char*> entries_;
};

static const std::vector<int64_t>& bytes_of(const std::shared_ptr<Plan>& plan) { return plan->external_bytes(); }

std::unique_ptr<Control> Control::read(Words& words, const Plans& children, int64_t operand_count) {
  std::unique_ptr<Control> control(new Control);
  const int64_t last = static_cast<int64_t>(children.size()) - 1;
  const auto child = [&] {
    const int64_t number = words.integer("child of a control instruction", 0, std::max<int64_t>(last, 0));
    if (words.ok() && last >= 0) control->plans_.push_back(children[static_cast<size_t>(number)]);
  };
  control->kind_ = static_cast<Kind>(words.integer("kind of a control instruction", Branch, Unwind));
  const int64_t count = control->kind_ == Branch ? words.count("number of branches") : control->kind_ == While ? 2 : control->kind_ == Unwind ? 3 : 1;
  for (int64_t i = 0; i < count && words.ok(); i++) child();
  if (control->kind_ != Branch) control->read_loop(words, operand_count);
  if (words.ok() && (control->plans_.empty() || !control->fits(operand_count))) words.fail("the operands do not fit the children of a control instruction");
  return words.ok() ? std::move(control) : nullptr;
}

void Control::read_loop(Words& words, int64_t operand_count) {
  const auto number = [&](const char* what) { return static_cast<size_t>(words.integer(what, 0, operand_count)); };
  constants_ = number("number of constants");
  carries_ = number("number of carries");
  if (kind_ == Scan) {
    slices_ = number("number of slices");
    rows_ = number("number of rows");
  }
  length_ = words.integer("number of steps", kind_ == Scan ? 0 : -1, kMaxWord);
  if (kind_ == Unwind) states_ = number("number of states");
  if (kind_ == Scan) reverse_ = words.integer("direction", 0, 1) == 1;
}

// True when the children take what the operands are.
bool Control::fits(int64_t operand_count) const {
  const size_t operands = static_cast<size_t>(operand_count);
  if (kind_ == Branch) return std::all_of(plans_.begin(), plans_.end(), [&](const auto& plan) { return bytes_of(plan).size() + 1 == operands; });
  if (kind_ == Unwind) return unwind_fits(operands);
  return loop_fits(operands, bytes_of(plans_.back()));
}

// True when a loop's condition and body take what the operands are.
bool Control::loop_fits(size_t operands, const std::vector<int64_t>& body) const {
  const size_t inputs = constants_ + carries_ + slices_, outputs = carries_ + rows_;
  if (operands != inputs + outputs || body.size() != inputs + outputs) return false;
  for (size_t i = 0; i < carries_; i++)
    if (body[constants_ + i] != body[inputs + i]) return false;
  if (kind_ == Scan) return true;
  const std::vector<int64_t>& condition = bytes_of(plans_.front());
  if (condition.size() != inputs + 1 || condition.back() != 1) return false;
  return std::equal(condition.begin(), condition.end() - 1, body.begin());
}

bool Control::unwind_fits(size_t operands) const {
  const size_t inputs = constants_ + carries_;
  const std::vector<int64_t>& backward = bytes_of(plans_.back());
  if (operands != inputs + 2 * states_ || backward.size() != operands || !loop_fits(inputs + carries_, bytes_of(plans_[1]))) return false;
  for (size_t i = 0; i < states_; i++)
    if (backward[inputs + i] != backward[inputs + states_ + i]) return false;
  return std::equal(backward.begin(), backward.begin() + static_cast<int64_t>(inputs), bytes_of(plans_[1]).begin());
}

std::vector<Control::Reach> Control::reaches() const {
  std::vector<Reach> reaches;
  if (kind_ == Branch) {
    reaches.push_back({0, 4});
    for (const auto& plan : plans_)
      for (size_t i = 0; i < bytes_of(plan).size(); i++) reaches.push_back({static_cast<int64_t>(i) + 1, bytes_of(plan)[i]});
    return reaches;
  }
  const std::vector<int64_t>& body = bytes_of(plans_.back());
  const size_t inputs = constants_ + carries_ + slices_;
  for (size_t i = 0; i < body.size(); i++) {
    const bool row = kind_ == Scan && ((i >= constants_ + carries_ && i < inputs) || i >= inputs + carries_);
    const bool overflows = row && body[i] > 0 && length_ > kMaxWord / body[i];
    reaches.push_back({static_cast<int64_t>(i), overflows ? kMaxWord : body[i] * (row ? length_ : 1)});
  }
  return reaches;
}

int64_t Control::carry_bytes(int64_t i) const { return bytes_of(plans_.back())[constants_ + static_cast<size_t>(i)]; }

int64_t Control::moving_bytes(size_t i) const { return bytes_of(plans_.back())[constants_ + (kind_ == Unwind ? carries_ : 0) + i]; }

int64_t Control::scratch_bytes() const {
  if (kind_ == Branch) return 0;
  int64_t total = aligned(1);  // the condition's result
  for (size_t i = 0; i < moving(); i++) total += aligned(moving_bytes(i));
  return total;
}

// Where the carries of every other step are, after the condition's result.
std::vector<void*> Control::second_carries(char* scratch) const {
  std::vector<void*> carries;
  scratch += aligned(1);
  for (size_t i = 0; i < moving(); i++) {
    carries.push_back(scratch);
    scratch += aligned(moving_bytes(i));
  }
  return carries;
}

void Control::copy_carries(void* const* from, void* const* to) const {
  for (size_t i = 0; i < moving(); i++) {
    const int64_t bytes = moving_bytes(i);
    if (bytes > 0 && from[i] != to[i]) std::memcpy(to[i], from[i], static_cast<size_t>(bytes));
  }
}

Outcome Control::run(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const {
  if (kind_ == Branch) return run_branch(operands, cancel);
  if (kind_ == Unwind) return run_unwind(operands, scratch, cancel);
  return kind_ == While ? run_while(operands, scratch, cancel) : run_scan(operands, scratch, cancel);
}

Outcome Control::run_branch(void* const* operands, const std::atomic<bool>* cancel) const {
  const int64_t index = *static_cast<const int32_t*>(operands[0]);
  const int64_t chosen = std::clamp<int64_t>(index, 0, static_cast<int64_t>(plans_.size()) - 1);
  return plans_[static_cast<size_t>(chosen)]->run(operands + 1, cancel);
}

Outcome Control::run_while(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const {
  void* const* const first = operands + constants_;
  void* const* const final_carries = first + carries_;
  const std::vector<void*> second = second_carries(scratch);
  const uint8_t* const holds = reinterpret_cast<const uint8_t*>(scratch);
  std::vector<void*> arguments(operands, operands + constants_ + 2 * carries_);
  void** const now = arguments.data() + constants_;
  void** const next = now + carries_;
  void* const* current = first;
  Outcome outcome;
  for (int64_t step = 0; length_ < 0 || step < length_; step++) {
    std::copy_n(current, carries_, now);
    *next = scratch;  // the condition has one output, where the body has the next carries
    outcome = plans_.front()->run(arguments.data(), cancel);
    if (outcome.status != Outcome::Done || *holds == 0) break;
    void* const* const target = step % 2 == 0 ? final_carries : second.data();
    std::copy_n(target, carries_, next);
    outcome = plans_.back()->run(arguments.data(), cancel);
    if (outcome.status != Outcome::Done) break;
    current = target;
  }
  if (outcome.status == Outcome::Done) copy_carries(current, final_carries);
  return outcome;
}

Outcome Control::run_scan(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const {
  const size_t inputs = constants_ + carries_ + slices_;
  const std::vector<int64_t>& bytes = bytes_of(plans_.front());
  const std::vector<void*> second = second_carries(scratch);
  void* const* const final_carries = operands + inputs;
  void* const* current = operands + constants_;
  std::vector<void*> arguments(operands, operands + bytes.size());
  for (int64_t step = 0; step < length_; step++) {
    const int64_t row = reverse_ ? length_ - 1 - step : step;
    const auto move = [&](size_t from, size_t count) {
      for (size_t i = from; i < from + count; i++) arguments[i] = static_cast<char*>(operands[i]) + row * bytes[i];
    };
    // The last step writes the final carries.
    void* const* const target = (length_ - 1 - step) % 2 == 0 ? final_carries : second.data();
    std::copy_n(current, carries_, arguments.data() + constants_);
    std::copy_n(target, carries_, arguments.data() + inputs);
    move(constants_ + carries_, slices_);
    move(inputs + carries_, rows_);
    const Outcome outcome = plans_.front()->run(arguments.data(), cancel);
    if (outcome.status != Outcome::Done) return outcome;
    current = target;
  }
  copy_carries(current, final_carries);
  return {};
}

Outcome Control::run_forward(void* const* operands, char* scratch, History& history, const std::atomic<bool>* cancel) const {
  const uint8_t* const holds = reinterpret_cast<const uint8_t*>(scratch);
  std::vector<void*> arguments(operands, operands + constants_ + carries_);
  arguments.resize(constants_ + 2 * carries_ + 1);
  void** const now = arguments.data() + constants_;
  void** const next = now + carries_;
  Outcome outcome;
  int64_t step = 0;
  for (; length_ < 0 || step < length_; step++) {
    *next = scratch;  // where the condition has its output
    outcome = plans_[0]->run(arguments.data(), cancel);
    if (outcome.status != Outcome::Done || *holds == 0) break;
    char* entry = history.push();
    if (entry == nullptr) {
      outcome.status = Outcome::OutOfMemory;
      break;
    }
    for (size_t i = 0; i < carries_; i++) {
      next[i] = entry;
      entry += aligned(carry_bytes(static_cast<int64_t>(i)));
    }
    outcome = plans_[1]->run(arguments.data(), cancel);
    if (outcome.status != Outcome::Done) break;
    std::copy_n(next, carries_, now);
  }
  outcome.steps = step;
  return outcome;
}

Outcome Control::run_unwind(void* const* operands, char* scratch, const std::atomic<bool>* cancel) const {
  int64_t entry_bytes = 0;
  for (size_t i = 0; i < carries_; i++) entry_bytes += aligned(carry_bytes(static_cast<int64_t>(i)));
  History history(entry_bytes);
  Outcome outcome = run_forward(operands, scratch, history, cancel);
  if (outcome.status != Outcome::Done) return outcome;
  const size_t inputs = constants_ + carries_;
  const std::vector<void*> second = second_carries(scratch);
  void* const* const final_states = operands + inputs + states_;
  void* const* current = operands + inputs;
  std::vector<void*> arguments(operands, operands + inputs + 2 * states_);
  const int64_t steps = outcome.steps;
  for (int64_t step = steps - 1; step >= 0; step--) {
    if (step == 0) {
      std::copy_n(operands + constants_, carries_, arguments.data() + constants_);
    } else {
      char* entry = history[static_cast<size_t>(step - 1)];
      for (size_t i = 0; i < carries_; i++) {
        arguments[constants_ + i] = entry;
        entry += aligned(carry_bytes(static_cast<int64_t>(i)));
      }
    }
    // The last step writes the final states.
    void* const* const target = step % 2 == 0 ? final_states : second.data();
    std::copy_n(current, states_, arguments.data() + inputs);
    std::copy_n(target, states_, arguments.data() + inputs + states_);
    outcome = plans_[2]->run(arguments.data(), cancel);
    if (outcome.status != Outcome::Done) return outcome;
    current = target;
  }
  copy_carries(current, final_states);
  return {};
}

}  // namespace keratin
