#pragma once
/// What nearly every file needs and takes longest to parse.
#include "base/tensor.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>
