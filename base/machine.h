#pragma once
/// What this process may use of the machine: less than the machine has, inside a container or under taskset.
#include <cstdint>

namespace atelier::base {

/// Bytes of memory: the machine's, or the control group's limit where that is lower.
int64_t available_memory();

/// Logical processors that this process may be scheduled on.
int available_processors();

/// Distinct cores among them (two hyperthreads share the units that matrix products keep busy), no more than the
/// control group's share of processor time pays for.
int available_cores();

}  // namespace atelier::base
