#pragma once
/// The fetched packages as a list of drawings: what each is called, and where its shapes are.
#include "corpus/emoji.h"
#include "corpus/sources.h"
#include "corpus/wordnet.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace atelier::corpus {

struct Drawing {
  Picture picture;               // split and tags as the source has them; build() decides
  std::string svg;               // or
  std::filesystem::path file;    // an .svg or .webp file
  std::string other_concept;     // an emoji that the name loosely means: held-out concepts are looked for here too
};

/// What a reader left out, by reason: "skin tone", "no name".
using LeftOut = std::map<std::string, int64_t>;

/// All drawings of one source, by name; the order does not depend on the machine.
/// @throws InvalidFile for a package that is not as its version was
std::vector<Drawing> read_iconify(const Source& source, const std::filesystem::path& corpus_folder, const EmojiTable& emoji, LeftOut& left_out);
std::vector<Drawing> read_fluent_3d(const Source& source, const std::filesystem::path& corpus_folder, const EmojiTable& emoji, LeftOut& left_out);
std::vector<Drawing> read_openclipart(const Source& source, const std::filesystem::path& corpus_folder, const EmojiTable& emoji,
                                      const WordNet& wordnet, LeftOut& left_out);

/// Concept, title, tags and groups of an emoji.
void describe(Picture& picture, const Emoji& emoji);
/// Source, style, family, kind, licence and credit.
Picture picture_of(const Source& source, const std::string& name);

/// An icon's name as words: "movie-file-3-duo" -> "movie file", "bird-1" -> "bird", "phone-two" -> "phone".
std::string icon_title(std::string_view name);

}  // namespace atelier::corpus
