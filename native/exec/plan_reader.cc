// Compiles a plan from its words. Everything is checked here, once: a wrong plan is an error, and no run of a plan that was compiled
// leaves its operands.
#include <algorithm>
#include <cstring>
#include "exec/plan.h"
#include "exec/pool.h"

namespace keratin {

// Waking the pool costs about 3 us, and a cold thread fetches its data first: shorter instructions stay on one thread.
static constexpr double kParallelFrom = 15e3;  // ns

// Kernel ids that are no kernels.
static constexpr int64_t kFused = -1, kControl = -2;

class PlanReader {
 public:
  PlanReader(Words words, const Plans& children, const Catalog& catalog)
      : words_(words), children_(children), catalog_(catalog), plan_(new Plan) {}

  std::unique_ptr<Plan> read(const void* constants, int64_t constants_bytes, std::string* error) {
    read_header(constants_bytes);
    for (int64_t i = 0; i < slot_count_ && words_.ok(); i++) read_slot();
    for (int64_t i = 0; i < instruction_count_ && words_.ok(); i++) read_instruction();
    read_externals();
    if (words_.ok() && words_.left() != 0) words_.fail("words after the end of the plan");
    for (size_t i = 0; i < plan_->instructions_.size() && words_.ok(); i++) check(i);
    if (words_.ok()) finish(constants);
    if (!words_.ok()) *error = words_.error();
    return words_.ok() ? std::move(plan_) : nullptr;
  }

 private:
  using Place = Plan::Place;
  // What is known of an instruction until it has been checked.
  struct Draft {
    int64_t kernel;
    size_t operand_count, int_count, real_count;
  };
  // Bytes of an operand that an instruction reads or writes.
  struct Reach {
    int64_t operand, bytes;
    bool written;
  };

  void read_header(int64_t constants_bytes) {
    words_.integer("version", 1, 1);
    slot_count_ = words_.count("number of slots", 2);
    plan_->arena_bytes_ = words_.integer("bytes of the arena", 0, kMaxWord);
    constants_bytes_ = words_.integer("bytes of constants", 0, constants_bytes);
    instruction_count_ = words_.count("number of instructions", 5);
  }

  void read_slot() {
    const auto kind = static_cast<Place::Kind>(words_.integer("kind of a slot", Place::External, Place::Constant));
    const int64_t limit = kind == Place::Arena ? plan_->arena_bytes_ : kind == Place::Constant ? constants_bytes_ : int64_t{1} << 20;
    const int64_t place = words_.integer("place of a slot", 0, limit);
    if (kind != Place::External && place % kAlignment != 0) words_.fail("place of a slot: expected a multiple of 64");
    slots_.push_back({kind, place});
  }

  void read_instruction() {
    Plan& plan = *plan_;
    Plan::Instruction instruction;
    const int64_t kernel = words_.integer("kernel", kControl, static_cast<int64_t>(catalog_.kernels.size()) - 1);
    instruction.operands = plan.places_.size();
    const int64_t operand_count = words_.count("number of operands");
    for (int64_t i = 0; i < operand_count && words_.ok(); i++) {
      const int64_t slot = words_.integer("operand", -1, slot_count_ - 1);
      plan.places_.push_back(slot < 0 ? Place{Place::Null, 0} : slots_[static_cast<size_t>(slot)]);
    }
    instruction.ints = plan.ints_.size();
    if (kernel == kControl) {
      instruction.control = read_control(operand_count);
    } else if (kernel == kFused) {
      instruction.program = read_program("integers", operand_count, false);
    } else {
      const int64_t count = words_.count("number of integers");
      for (int64_t i = 0; i < count && words_.ok(); i++) plan.ints_.push_back(words_.integer("integer", -kMaxWord, kMaxWord));
    }
    instruction.floats = plan.floats_.size();
    const int64_t count = words_.count("number of reals");
    for (int64_t i = 0; i < count && words_.ok(); i++) plan.floats_.push_back(words_.real("real"));
    instruction.epilogue = read_program("epilogue", operand_count, true);
    if (!words_.ok()) return;
    if (instruction.epilogue != nullptr) instruction.epilogue_number = plan.epilogue_count_++;
    const size_t ints = plan.ints_.size() - instruction.ints, reals = plan.floats_.size() - instruction.floats;
    drafts_.push_back({kernel, static_cast<size_t>(operand_count), ints, reals});
    plan.instructions_.push_back(std::move(instruction));
  }

  // A program and the number of its words; null when it has none.
  std::unique_ptr<Program> read_program(const char* what, int64_t operand_count, bool epilogue) {
    const int64_t count = words_.count(what);
    if (!words_.ok() || count == 0) return nullptr;
    const int64_t left = words_.left();
    std::unique_ptr<Program> program = Program::read(words_, catalog_, operand_count, epilogue);
    if (words_.ok() && left - words_.left() != count)
      words_.fail(std::string(what) + ": received " + std::to_string(count) + " words for a program of " + std::to_string(left - words_.left()));
    return words_.ok() ? std::move(program) : nullptr;
  }

  // Control flow in the place of a kernel; null when it is wrong.
  std::unique_ptr<Control> read_control(int64_t operand_count) {
    const int64_t count = words_.count("integers");
    const int64_t left = words_.left();
    std::unique_ptr<Control> control = Control::read(words_, children_, operand_count);
    if (words_.ok() && left - words_.left() != count) words_.fail("integers of a control instruction: received " + std::to_string(count));
    return words_.ok() ? std::move(control) : nullptr;
  }

  void read_externals() {
    const int64_t count = words_.count("number of external buffers");
    for (int64_t i = 0; i < count && words_.ok(); i++)
      plan_->external_bytes_.push_back(words_.integer("bytes of an external buffer", 0, kMaxWord));
    for (const Place& slot : slots_)
      if (slot.kind == Place::External && slot.value >= count) words_.fail("a slot names an external buffer that does not exist");
  }

  // Whether instruction `number` stays within its operands; if so, it gets its kernel and the division of its work.
  void check(size_t number) {
    Plan::Instruction& instruction = plan_->instructions_[number];
    const Draft& draft = drafts_[number];
    const bool is_kernel = draft.kernel >= 0;
    name_ = "instruction " + std::to_string(number) + " (" +
            (is_kernel ? catalog_.kernels[static_cast<size_t>(draft.kernel)]->name : draft.kernel == kFused ? "fused" : "control") + ")";
    if (is_kernel) {
      check_kernel(instruction, draft);
    } else if (draft.int_count + draft.real_count > 0 || instruction.epilogue != nullptr) {
      refuse("expected no reals and no epilogue");
    } else if (instruction.program != nullptr) {
      check_program(instruction, *instruction.program);
      instruction.work = instruction.program->work();
    } else if (instruction.control != nullptr) {
      for (const Control::Reach& reach : instruction.control->reaches()) check_reach(instruction, {reach.operand, reach.bytes, false});
      instruction.work.shared_bytes = instruction.control->scratch_bytes();
    } else {
      refuse("there is no program");
    }
    if (words_.ok()) divide(instruction);
  }

  void refuse(const std::string& why) { words_.refuse(name_ + ": " + why); }

  const Place& place_of(const Plan::Instruction& instruction, int64_t operand) const {
    return plan_->places_[instruction.operands + static_cast<size_t>(operand)];
  }

  void check_reach(const Plan::Instruction& instruction, const Reach& reach) {
    if (reach.bytes == 0) return;
    const Place& place = place_of(instruction, reach.operand);
    const int64_t room = place.kind == Place::External   ? plan_->external_bytes_[static_cast<size_t>(place.value)]
                         : place.kind == Place::Arena    ? plan_->arena_bytes_ - place.value
                         : place.kind == Place::Constant ? constants_bytes_ - place.value
                                                         : 0;
    const std::string operand = "operand " + std::to_string(reach.operand);
    if (reach.bytes > room) refuse(operand + ": expected " + std::to_string(reach.bytes) + " bytes, there are " + std::to_string(room));
    if (reach.written && place.kind == Place::Constant) refuse(operand + ": a constant cannot be written");
  }

  void check_program(const Plan::Instruction& instruction, const Program& program) {
    for (const auto& [operand, bytes, written] : program.reaches()) check_reach(instruction, {operand, bytes, written});
  }

  // Has the kernel state its contract, and compares the instruction with it.
  void check_kernel(Plan::Instruction& instruction, const Draft& draft) {
    const KernelRow& row = *catalog_.kernels[static_cast<size_t>(draft.kernel)];
    const int64_t* ints = plan_->ints_.data() + instruction.ints;
    const bool epilogue = instruction.epilogue != nullptr;
    Contract contract(row.types, ints, static_cast<int64_t>(draft.int_count), static_cast<int64_t>(draft.real_count), epilogue);
    row.contract.call(contract);
    contract.close();
    if (!contract.ok()) return refuse(std::string(contract.what()) + ": " + contract.why());
    const size_t count = static_cast<size_t>(contract.operand_count());
    if (epilogue ? draft.operand_count < count : draft.operand_count != count)
      return refuse("expected " + std::to_string(count) + " operands, received " + std::to_string(draft.operand_count));
    for (int i = 0; i < contract.operand_count() && words_.ok(); i++) check_operand(instruction, contract, i);
    if (epilogue) check_epilogue(instruction, contract);
    if (!words_.ok()) return;
    instruction.run = row.run;
    instruction.work = row.plan(ints, epilogue);
    const Work& work = instruction.work;
    if (work.phases < 1 || work.phases > 3 || work.shared_bytes < 0 || work.local_bytes < 0) refuse("the kernel cannot divide its work");
  }

  // A kernel trusts what it has read, also when it reads it again: no operand that it writes lies under another.
  void check_operand(const Plan::Instruction& instruction, const Contract& contract, int number) {
    const Contract::Operand& operand = contract.operand(number);
    if (operand.absent) return;
    if (place_of(instruction, number).kind == Place::Null) return refuse("operand " + std::to_string(number) + " is missing");
    check_reach(instruction, {number, operand.bytes, operand.written});
    for (int other = 0; other < contract.operand_count() && operand.written; other++)
      if (other != number && !contract.operand(other).absent && overlap(instruction, contract, number, other))
        refuse("operand " + std::to_string(number) + " is written over operand " + std::to_string(other));
  }

  bool overlap(const Plan::Instruction& instruction, const Contract& contract, int number, int other) const {
    const Place &a = place_of(instruction, number), &b = place_of(instruction, other);
    const int64_t bytes = contract.operand(number).bytes, other_bytes = contract.operand(other).bytes;
    if (a.kind != b.kind || bytes == 0 || other_bytes == 0) return false;
    const bool same = a.value == b.value;
    if (same && (contract.operand(number).over == other || contract.operand(other).over == number)) return false;
    return a.kind == Place::External ? same : a.value < b.value + other_bytes && b.value < a.value + bytes;
  }

  void check_epilogue(const Plan::Instruction& instruction, const Contract& contract) {
    const auto& [matrices, rows, columns] = contract.matrices();
    if (!instruction.epilogue->takes(matrices.count(), rows.count(), columns.count(), size_of(contract.types().out)))
      return refuse("the epilogue does not fit the product");
    check_program(instruction, *instruction.epilogue);
  }

  // Chooses between one thread and several.
  void divide(Plan::Instruction& instruction) {
    const Work& work = instruction.work;
    bool several = false;
    for (int phase = 0; phase < work.phases; phase++) several = several || work.units[phase] > 1;
    instruction.parallel = several && work.nanoseconds >= kParallelFrom && Pool::instance().threads() > 1;
    plan_->shared_bytes_ = std::max(plan_->shared_bytes_, work.shared_bytes);
    plan_->local_bytes_ = std::max(plan_->local_bytes_, work.local_bytes);
    if (instruction.epilogue != nullptr) plan_->epilogue_bytes_ = std::max(plan_->epilogue_bytes_, instruction.epilogue->scratch_bytes());
  }

  void finish(const void* constants) {
    Plan& plan = *plan_;
    plan.constants_ = AlignedBlock(constants_bytes_);
    if (constants_bytes_ > 0 && plan.constants_.data() == nullptr) return words_.refuse("out of memory for constants");
    if (constants_bytes_ > 0) std::memcpy(plan.constants_.data(), constants, static_cast<size_t>(constants_bytes_));
    plan.costs_ = std::vector<Plan::Cost>(plan.instructions_.size());
    for (size_t i = 0; i < plan.places_.size(); i++)
      if (plan.places_[i].kind == Place::External) plan.patches_.push_back({i, static_cast<size_t>(plan.places_[i].value)});
  }

  Words words_;
  const Plans& children_;
  const Catalog& catalog_;
  std::unique_ptr<Plan> plan_;
  std::vector<Place> slots_;
  std::vector<Draft> drafts_;
  std::string name_;  // of the instruction that is checked
  int64_t slot_count_ = 0, instruction_count_ = 0, constants_bytes_ = 0;
};

std::unique_ptr<Plan> Plan::compile(const double* words, int64_t word_count, const void* constants, int64_t constants_bytes,
                                    const Plans& children, const Catalog& catalog, std::string* error) {
  return PlanReader(Words(words, word_count), children, catalog).read(constants, constants_bytes, error);
}

}  // namespace keratin
