#pragma once
/// What a row of `atelier eval` says: a claim, on which data, and figures with their intervals beside the paper's.
#include "base/json.h"
#include "eval/statistics.h"

#include <filesystem>
#include <string>
#include <vector>

namespace atelier::eval {

/// How a value is shown.
enum class Unit {
  number,      // 0.812
  percent,     // of a share in [0, 1]: 81.2 %
  points,      // of a difference of shares: +8.1
  milliseconds,
};

struct Figure {
  std::string name;      // "top-1 name, held-out style"
  Interval measured;     // in the unit's base: shares in [0, 1], seconds for milliseconds
  Unit unit = Unit::number;
  int64_t samples = 0;   // independent ones, which the bootstrap draws from
  std::string paper = {};    // the paper's figure for the same thing at its own scale; empty: it has none
  std::string beside = {};   // what it is to be read against: "chance 0.05 %"
  bool headline = false;     // in the short table
};

struct Claim {
  std::string row;       // its name on the command line
  std::string method;    // "RA-CM3"
  std::string says;      // the claim, one sentence
  std::string data;      // what it was measured on, and why that is fair, one or two sentences
  std::vector<Figure> figures = {};
  std::vector<std::string> notes = {};
  std::vector<std::string> pictures = {};  // files beside the report
  double seconds = 0;
};

/// "81.2 % [79.0, 83.1]"
std::string shown(const Interval& interval, Unit unit);

/// How many samples. To quote: `usual` at least.
enum class Size { quick, usual, full };

struct Report {
  std::string model;       // its hash
  std::string judge;       // identity of the CLIP that judges
  Size size = Size::usual;
  std::vector<Claim> claims = {};
};

base::json to_json(const Report& report);
/// A short table of headlines, then a section a claim with its figures, notes and pictures.
std::string to_markdown(const Report& report);
/// The short table alone, in columns, for a terminal.
std::string headlines(const Report& report);

/// eval.json and eval.md into the folder, atomically.
void write(const Report& report, const std::filesystem::path& folder);

}  // namespace atelier::eval
