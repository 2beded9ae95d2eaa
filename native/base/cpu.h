// What the processor and the operating system offer, by the names of scripts/isas.json.
#pragma once
#include <string_view>

namespace keratin {

// Whether code compiled for the instruction set `isa` runs here (registers enabled by the system included).
inline bool cpu_supports(std::string_view isa) {
  if (isa == "baseline") return true;
#if defined(__x86_64__)
  if (isa == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == "avx512")
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
  if (isa == "neon") return true;
#endif
  return false;
}

}  // namespace keratin
