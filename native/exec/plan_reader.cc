// Compiles a plan from its words. Everything that can be checked is, so that a wrong plan is an error and no crash.
#include <algorithm>
#include <cstring>
#include "exec/plan.h"
#include "exec/pool.h"

namespace keratin {

// Waking the pool costs about 3 us, and a cold thread fetches its data first: shorter instructions stay on one thread.
static constexpr double kParallelFrom = 15e3;  // ns

// Zeros after the last attribute, for kernels that look further than a wrong plan goes.
static constexpr size_t kPadding = 64;

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
    for (const Reach& reach : reaches_) check_reach(reach);
    if (words_.ok() && words_.left() != 0) words_.fail("words after the end of the plan");
    if (words_.ok()) finish(constants);
    if (!words_.ok()) *error = words_.error();
    return words_.ok() ? std::move(plan_) : nullptr;
  }

 private:
  using Place = Plan::Place;
  struct Reach {
    Place place;
    int64_t bytes;
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
    slots_.push_back({kind, words_.integer("place of a slot", 0, limit)});
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
    kernels_.push_back(kernel);
    plan.instructions_.push_back(std::move(instruction));
  }

  // A program and the number of its words; null when it has none.
  std::unique_ptr<Program> read_program(const char* what, int64_t operand_count, bool epilogue) {
    const int64_t count = words_.count(what);
    if (!words_.ok() || count == 0) return nullptr;
    const int64_t left = words_.left();
    std::unique_ptr<Program> program = Program::read(words_, catalog_, operand_count, epilogue);
    if (words_.ok() && left - words_.left() != count)
      words_.fail(std::string(what) + ": expected " + std::to_string(count) + " words, the program has " + std::to_string(left - words_.left()));
    if (!words_.ok()) return nullptr;
    for (const Program::Reach& reach : program->reaches()) add_reach(operand_count, reach.operand, reach.bytes);
    return program;
  }

  // Control flow in the place of a kernel; null when it is wrong.
  std::unique_ptr<Control> read_control(int64_t operand_count) {
    const int64_t count = words_.count("integers");
    const int64_t left = words_.left();
    std::unique_ptr<Control> control = Control::read(words_, children_, operand_count);
    if (words_.ok() && left - words_.left() != count) words_.fail("integers of a control instruction: received " + std::to_string(count));
    if (!words_.ok()) return nullptr;
    for (const Control::Reach& reach : control->reaches()) add_reach(operand_count, reach.operand, reach.bytes);
    return control;
  }

  void add_reach(int64_t operand_count, int64_t operand, int64_t bytes) {
    reaches_.push_back({plan_->places_[plan_->places_.size() - static_cast<size_t>(operand_count - operand)], bytes});
  }

  void read_externals() {
    const int64_t count = words_.count("number of external buffers");
    for (int64_t i = 0; i < count && words_.ok(); i++)
      plan_->external_bytes_.push_back(words_.integer("bytes of an external buffer", 0, kMaxWord));
    for (const Place& slot : slots_)
      if (slot.kind == Place::External && slot.value >= count) words_.fail("a slot names an external buffer that does not exist");
  }

  void check_reach(const Reach& reach) {
    if (!words_.ok() || reach.bytes == 0) return;
    const Place& place = reach.place;
    const bool inside = place.kind == Place::External   ? reach.bytes <= plan_->external_bytes_[static_cast<size_t>(place.value)]
                        : place.kind == Place::Arena    ? reach.bytes <= plan_->arena_bytes_ - place.value
                        : place.kind == Place::Constant ? reach.bytes <= constants_bytes_ - place.value
                                                        : false;
    if (!inside) words_.fail("an instruction reaches beyond the end of an operand");
  }

  void finish(const void* constants) {
    Plan& plan = *plan_;
    plan.constants_ = AlignedBlock(constants_bytes_);
    if (constants_bytes_ > 0 && plan.constants_.data() == nullptr) return words_.fail("out of memory for constants");
    if (constants_bytes_ > 0) std::memcpy(plan.constants_.data(), constants, static_cast<size_t>(constants_bytes_));
    plan.ints_.resize(plan.ints_.size() + kPadding);
    plan.floats_.resize(plan.floats_.size() + kPadding);
    plan.costs_ = std::vector<Plan::Cost>(plan.instructions_.size());
    for (size_t i = 0; i < plan.places_.size(); i++)
      if (plan.places_[i].kind == Place::External) plan.patches_.push_back({i, static_cast<size_t>(plan.places_[i].value)});
    for (size_t i = 0; i < plan.instructions_.size(); i++) split(plan.instructions_[i], kernels_[i]);
  }

  // Finds the kernel and how its work is divided.
  void split(Plan::Instruction& instruction, int64_t kernel) {
    Work& work = instruction.work;
    if (kernel >= 0) {
      const KernelRow& row = *catalog_.kernels[static_cast<size_t>(kernel)];
      instruction.run = row.run;
      work = row.plan(plan_->ints_.data() + instruction.ints, instruction.epilogue != nullptr);
      if (work.phases < 1 || work.phases > 3 || work.shared_bytes < 0 || work.local_bytes < 0)
        return words_.fail(std::string(row.name) + ": the kernel refuses its integers");
    } else if (instruction.program != nullptr) {
      work = instruction.program->work();
    } else if (instruction.control != nullptr) {
      work.shared_bytes = instruction.control->scratch_bytes();
    } else {
      return words_.fail("a fused instruction without a program");
    }
    bool several = false;
    for (int phase = 0; phase < work.phases; phase++) several = several || work.units[phase] > 1;
    instruction.parallel = several && work.nanoseconds >= kParallelFrom && Pool::instance().threads() > 1;
    plan_->shared_bytes_ = std::max(plan_->shared_bytes_, work.shared_bytes);
    plan_->local_bytes_ = std::max(plan_->local_bytes_, work.local_bytes);
  }

  Words words_;
  const Plans& children_;
  const Catalog& catalog_;
  std::unique_ptr<Plan> plan_;
  std::vector<Place> slots_;
  std::vector<int64_t> kernels_;
  std::vector<Reach> reaches_;
  int64_t slot_count_ = 0, instruction_count_ = 0, constants_bytes_ = 0;
};

std::unique_ptr<Plan> Plan::compile(const double* words, int64_t word_count, const void* constants, int64_t constants_bytes,
                                    const Plans& children, const Catalog& catalog, std::string* error) {
  return PlanReader(Words(words, word_count), children, catalog).read(constants, constants_bytes, error);
}

}  // namespace keratin
