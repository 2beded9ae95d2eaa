// How many processors this process may use, as the system tells it.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include "exec/pool.h"
#if defined(__linux__)
#include <sched.h>
#endif

namespace keratin {
namespace {

constexpr double kUnlimited = 1e9;

int affinity_threads() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string first_line(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

// Control groups v2: cpu.max holds "quota period" in microseconds, or "max period".
double quota_v2(const std::string& folder) {
  double quota = 0, period = 0;
  std::istringstream text(first_line(folder + "/cpu.max"));
  return text >> quota >> period && period > 0 ? quota / period : kUnlimited;
}

// Control groups v1: a quota of -1 is none.
double quota_v1(const std::string& folder) {
  const double quota = std::atof(first_line(folder + "/cpu.cfs_quota_us").c_str());
  const double period = std::atof(first_line(folder + "/cpu.cfs_period_us").c_str());
  return quota > 0 && period > 0 ? quota / period : kUnlimited;
}

// The tightest quota of the group at `path` below `root` and of its ancestors.
double tightest(const std::string& root, std::string path, double (*quota)(const std::string&)) {
  double limit = quota(root);
  while (path.size() > 1) {
    limit = std::min(limit, quota(root + path));
    path.resize(path.rfind('/'));
  }
  return limit;
}

// Lines of /proc/self/cgroup are "0::/path" (v2) or "4:cpu,cpuacct:/path" (v1).
double cgroup_threads() {
  double limit = kUnlimited;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string path = line.substr(second + 1);
    if (path.empty() || path[0] != '/') continue;
    line[second] = line[first] = ',';
    if (second == first + 1) limit = std::min(limit, tightest("/sys/fs/cgroup", path, quota_v2));
    if (line.find(",cpu,") < second) limit = std::min(limit, tightest("/sys/fs/cgroup/cpu", path, quota_v1));
  }
  return limit;
}

}  // namespace

int default_threads() {
  const char* wanted = std::getenv("KERATIN_NUM_THREADS");
  if (wanted != nullptr && std::isdigit(static_cast<unsigned char>(*wanted)) && std::atoi(wanted) > 0) return std::atoi(wanted);
  return static_cast<int>(std::min<double>(affinity_threads(), std::max(1.0, std::ceil(cgroup_threads()))));
}

}  // namespace keratin
