#pragma once
/// A caching allocator for LibTorch's CPU tensors.
///
/// malloc gives blocks of 32 MB and more back to the kernel as soon as they are freed, so that every large result is
/// page-faulted anew: more time than the operator itself takes. Here freed blocks wait in lists by size for the next
/// tensor of their size, and large ones lie on huge pages.
#include <cstdint>

namespace atelier::base {

/// For every CPU tensor made from now on; a second call does nothing. Left out under AddressSanitizer, which could
/// not see the use of a tensor's memory after its end.
void install_caching_allocator();

/// Bytes that wait in the lists: never more than a quarter of the memory this process may use.
int64_t cached_bytes();

/// Gives every waiting block back, as the allocator itself does when memory runs out.
void release_cached_memory();

}  // namespace atelier::base
