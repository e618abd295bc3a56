#pragma once
/// Statements about a figure, as geometry data sets write them: Equals(LengthOf(Line(A,B)),16),
/// Perpendicular(Line(A,B),Line(A,C)), PointLiesOnCircle(M,Circle(P,radius_4_0)), Parallelogram(W,X,Y,Z).
#include <string>
#include <string_view>
#include <vector>

namespace atelier::sketchpad {

/// name(arguments); a leaf is a name alone: a point ("A"), a number or an expression ("2x+5").
struct Term {
  std::string name;
  std::vector<Term> arguments = {};
  bool is(std::string_view what, size_t count) const { return name == what && arguments.size() == count; }
};

/// @throws InvalidArgument for text that is no term, longer than 300 bytes or nested deeper than 12
Term parse_term(std::string_view text);

/// True for a point's label: a capital, optionally with a digit or prime (A, A1, B').
bool is_point(const Term& term);

}  // namespace atelier::sketchpad
