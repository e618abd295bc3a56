#pragma once
/// Pictures described in full: what is there, how often, in which colour and where, what is beside what and which is bigger,
/// on which ground and in which style; a caption that leaves nothing open which questions about scenes ask.
#include <string>
#include <vector>

namespace atelier::corpus {

struct DescribedThing {
  std::string noun;
  std::string colour;                            // empty: in none of its own
  double left = 0, top = 0, width = 1, height = 1;  // in [0, 1] of the picture's sides
};

struct Description {
  std::vector<DescribedThing> things;
  std::string ground;  // "light blue", "light blue fading to white"; empty: not even
  std::string style;   // empty: not known
};

/// What people would say: "a red key on the left and a dog on the right, noto style". Things of one noun and colour are counted, and have
/// no place, nor has one that fills the picture; a white ground goes without saying.
std::string caption_of(const Description& description);

/// All of it: "a red key on the left and a dog on the right on a white background, noto style. the red key is left of the dog. …".
/// @param about  nouns, told of alone: their colours; what is beside what, and which is bigger, from both sides, what is said of them after
///   what is said of the others, of the first one last; empty: all from one side
std::string describe(const Description& description, const std::vector<std::string>& about = {});

}  // namespace atelier::corpus
