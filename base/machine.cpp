#include "base/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace atelier::base {
namespace {

/// The first words of a small file of /sys; empty if there is none.
std::vector<std::string> words_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> words;
  for (std::string word; words.size() < 8 && file >> word;) words.push_back(word);
  return words;
}

std::vector<int> processors() {
  std::vector<int> found;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &set)) found.push_back(i);
  }
  if (found.empty()) {  // more processors than a cpu_set_t holds
    for (int i = 0; i < std::max(1, static_cast<int>(std::thread::hardware_concurrency())); ++i) found.push_back(i);
  }
  return found;
}

}  // namespace

int64_t available_memory() {
  int64_t bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  const auto limit = words_of("/sys/fs/cgroup/memory.max");
  if (!limit.empty() && limit[0] != "max") bytes = std::min<int64_t>(bytes, std::atoll(limit[0].c_str()));
  return bytes;
}

int available_processors() { return static_cast<int>(processors().size()); }

int available_cores() {
  std::set<std::string> cores;
  for (const int i : processors()) {
    const std::string processor = "/sys/devices/system/cpu/cpu" + std::to_string(i);
    const auto siblings = words_of(processor + "/topology/thread_siblings_list");
    cores.insert(siblings.empty() ? std::to_string(i) : siblings[0]);
  }
  int n = static_cast<int>(cores.size());
  const auto quota = words_of("/sys/fs/cgroup/cpu.max");  // "max 100000" or "150000 100000": microseconds, period
  if (quota.size() == 2 && quota[0] != "max") {
    const double share = std::atof(quota[0].c_str()) / std::max(1.0, std::atof(quota[1].c_str()));
    n = std::min(n, std::max(1, static_cast<int>(std::ceil(share))));
  }
  return n;
}

}  // namespace atelier::base
