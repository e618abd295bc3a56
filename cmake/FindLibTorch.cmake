# LibTorch as imported targets, from the official zip, a Python environment, or the five libraries that the launcher
# unpacks. find_package(Torch) of the wheel would demand a whole CUDA toolkit.
#
# Looks in ATELIER_LIBTORCH (variable or environment), CMAKE_PREFIX_PATH, the launcher's cache.
# Defines: LibTorch::LibTorch, LibTorch_VERSION, LibTorch_LIBRARY_DIR.
set(_hints ${ATELIER_LIBTORCH} $ENV{ATELIER_LIBTORCH})
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND _hints ${prefix} ${prefix}/torch ${prefix}/../..)
endforeach()
if(DEFINED ENV{XDG_CACHE_HOME})
  file(GLOB _cached $ENV{XDG_CACHE_HOME}/atelier/libtorch-*)
else()
  file(GLOB _cached $ENV{HOME}/.cache/atelier/libtorch-*)
endif()
list(APPEND _hints ${_cached})

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h HINTS ${_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(LibTorch_CPU_LIBRARY torch_cpu HINTS ${_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 HINTS ${_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)

# version.h spells the version in three macros; newer LibTorch has moved them to headeronly.
set(LibTorch_VERSION)
foreach(_part MAJOR MINOR PATCH)
  foreach(_header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(LibTorch_INCLUDE_DIR AND EXISTS ${LibTorch_INCLUDE_DIR}/${_header})
      file(STRINGS ${LibTorch_INCLUDE_DIR}/${_header} _line REGEX "define TORCH_VERSION_${_part} ")
      if(_line MATCHES "([0-9]+)$")
        list(APPEND LibTorch_VERSION ${CMAKE_MATCH_1})
        break()
      endif()
    endif()
  endforeach()
endforeach()
list(JOIN LibTorch_VERSION "." LibTorch_VERSION)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR VERSION_VAR LibTorch_VERSION)

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  get_filename_component(LibTorch_LIBRARY_DIR ${LibTorch_CPU_LIBRARY} DIRECTORY)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_LIBRARY})
  add_library(LibTorch::LibTorch SHARED IMPORTED)
  set_target_properties(LibTorch::LibTorch PROPERTIES IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY})
  # Last on the include path: the wheel carries its own fmt and google/ headers, which must not win over Debian's.
  target_compile_options(LibTorch::LibTorch INTERFACE
    "SHELL:-idirafter ${LibTorch_INCLUDE_DIR}" "SHELL:-idirafter ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  # libgomp from the same folder: one OpenMP runtime in the process, the one LibTorch was built with.
  file(GLOB _gomp ${LibTorch_LIBRARY_DIR}/libgomp*.so*)
  list(GET _gomp 0 _gomp)
  target_link_libraries(LibTorch::LibTorch INTERFACE LibTorch::c10 ${_gomp})
  # Named before all else, so that its own sgemm_ is found before OpenBLAS's, which FAISS and OpenCV bring along: on a
  # processor without bf16 a picture takes three times as long in that one, whose threads and OpenMP's wait for each other.
  target_link_options(LibTorch::LibTorch INTERFACE "LINKER:--push-state,--no-as-needed,${LibTorch_CPU_LIBRARY},--pop-state"
    "LINKER:-rpath,${LibTorch_LIBRARY_DIR}"
    "LINKER:-rpath-link,${LibTorch_LIBRARY_DIR}" "LINKER:--allow-shlib-undefined")
endif()
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
