#pragma once
/// A small corpus in a temporary folder: flat squares for emoji, discs for one-colour icons, with held-out bait.
#include "base/files.h"
#include "corpus/records.h"
#include "corpus/sources.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace atelier::corpus {

class SyntheticCorpus {
 public:
  /// @param nouns  of the emoji, at most; fewer than twelve make no scenes
  explicit SyntheticCorpus(size_t nouns = 100) {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("atelier_scenes_{}_{}", getpid(), counter()++);
    std::filesystem::create_directories(folder_);
    std::vector<std::pair<std::string, std::string>> emoji = {
        {"1F415", "dog"},   {"1F408", "cat"},     {"1F427", "penguin"}, {"1F422", "turtle"},  {"1F34C", "banana"}, {"1F350", "pear"},
        {"1F697", "automobile"}, {"1F681", "helicopter"}, {"1F3E0", "house"}, {"1F528", "hammer"}, {"1F3B8", "guitar"}, {"1F451", "crown"},
        {"1F511", "key"},   {"1FA91", "chair"},   {"1F335", "cactus"},  {"1F980", "crab"},    {"1F355", "pizza"}};
    emoji.resize(std::min(emoji.size(), nouns));
    for (const char* style : {"noto style", "twemoji style"})
      for (const auto& [code, title] : emoji) add("emoji:" + code, title, style, "emoji", style, Split::train);
    for (const char* title : {"anchor", "bucket", "coffee mug", "crab", "drum", "feather", "lemon", "magnet", "medal", "padlock", "owl", "truck", "tuba", "umbrella"})
      if (nouns > emoji.size()) add(std::string("word:") + title, title, "game icon", "mono", "game-icons", Split::train);
    // Bait: held-out concepts and names, other splits, and a skin tone.
    add("emoji:1F410", "goat", "noto style", "emoji", "noto style", Split::heldout_concept);
    add("emoji:1F955", "carrot", "noto style", "emoji", "noto style", Split::train);
    add("word:banjo case", "banjo case", "noto style", "emoji", "noto style", Split::train);
    pictures_.back().tags = {"instrument", "kites"};
    add("emoji:1F98A", "fox", "openmoji style", "emoji", "openmoji", Split::heldout_style);
    add("emoji:1F43B", "bear", "noto style", "emoji", "noto style", Split::combination);
    add("emoji:1F981", "lion", "noto style", "emoji", "noto style", Split::train);
    pictures_.back().skin_tone = true;
    write();
  }
  ~SyntheticCorpus() { std::filesystem::remove_all(folder_); }
  SyntheticCorpus(const SyntheticCorpus&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  Corpus open() const { return Corpus::open(folder_); }

 private:
  static int& counter() {
    static int count = 0;
    return count;
  }

  void add(const std::string& concept_id, const std::string& title, const std::string& style, const std::string& kind, const std::string& source, Split split) {
    Picture picture;
    picture.id = fmt::format("{}:{}:{}", source, title, pictures_.size());
    picture.source = source;
    picture.style = style;
    picture.family = source;
    picture.concept_id = concept_id;
    picture.title = title;
    picture.tags = {"thing", "small"};
    picture.group = "Objects";
    picture.kind = kind;
    picture.licence = "MIT";
    picture.credit = "nobody";
    picture.split = split;
    pictures_.push_back(picture);
  }

  void write() {
    constexpr size_t kBytes = 128 * 128 * 4;
    std::string pixels, splits, weights, lines;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      const size_t begin = pixels.size();
      pixels.resize(begin + kBytes, '\0');
      const bool disc = pictures_[i].kind == "mono";
      for (int64_t y = 4; y < 124; ++y)
        for (int64_t x = 4; x < 124; ++x) {
          char* p = pixels.data() + begin + (y * 128 + x) * 4;
          if (disc && (x - 64) * (x - 64) + (y - 64) * (y - 64) > 60 * 60) continue;
          for (size_t c = 0; c < 3; ++c) p[c] = disc ? '\0' : static_cast<char>(20 + (i * 37 + c * 53) % 140);
          p[3] = '\xff';
        }
      const float weight = pictures_[i].split == Split::train ? 1.0f : 0.0f;
      weights.append(reinterpret_cast<const char*>(&weight), sizeof weight);
      splits += static_cast<char>(pictures_[i].split);
      lines += base::dump_json(to_json(pictures_[i])) + "\n";
    }
    const size_t n = pictures_.size(), after_pixels = n * kBytes, after_weights = after_pixels + 4 * n;
    std::string header = base::json{{"pixels", {{"dtype", "U8"}, {"shape", {n, 128, 128, 4}}, {"data_offsets", {0, after_pixels}}}},
                                    {"weight", {{"dtype", "F32"}, {"shape", {n}}, {"data_offsets", {after_pixels, after_weights}}}},
                                    {"split", {{"dtype", "U8"}, {"shape", {n}}, {"data_offsets", {after_weights, after_weights + n}}}}}
                             .dump();
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const uint64_t size = header.size();
    base::write_file(folder_ / "pictures.safetensors", std::string(reinterpret_cast<const char*>(&size), 8) + header + pixels + weights + splits);
    base::write_file(folder_ / "corpus.jsonl", lines);
    base::write_file(folder_ / "knowledge.jsonl",
                     R"({"concept":"emoji:1F415","labels":["dog"],"tags":["pet","goat","bark"],"group":"Animals & Nature","subgroup":"animal-mammal",)"
                     R"("noun":"dog","hypernyms":["canine","carnivore"],"gloss":"a member of the genus Canis"})" "\n");
    for (const Package& package : source_table().packages)
      if (package.name == "wordnet-base") write_wordnet(folder_ / "sources" / folder_name(package) / "usr/share/wordnet");
  }

  static void write_wordnet(const std::filesystem::path& dict) {
    std::filesystem::create_directories(dict);
    base::write_file(dict / "data.noun",
                     "  1 This is the licence.\n"
                     "00000100 05 n 02 dog 0 domestic_dog 0 002 @ 00000200 n 0000 #p 00000400 n 0000 | a member of the genus Canis; \"the dog barked all night\"  \n"
                     "00000200 05 n 01 canine 0 000 | any of various mammals with nonretractile claws  \n"
                     "00000300 05 n 02 goat 0 caprine_animal 0 001 @ 00000200 n 0000 | any of numerous agile ruminants  \n"
                     "00000400 05 n 01 pack 0 000 | a group of hunting animals; \"a pack of goats\"  \n");
    base::write_file(dict / "data.verb", "00000100 30 v 01 bark 0 000 01 + 02 00 | make barking sounds; \"The dogs barked\"  \n");
    base::write_file(dict / "data.adj",
                     "00000100 00 a 01 hot 0 001 ! 00000200 a 0101 | used of physical heat; \"hot stove\"  \n"
                     "00000200 00 a 01 cold(p) 0 001 ! 00000100 a 0101 | having a low temperature  \n");
    base::write_file(dict / "data.adv", "00000100 02 r 01 loudly 0 000 | with relatively high volume  \n");
  }

  std::filesystem::path folder_;
  std::vector<Picture> pictures_;
};

}  // namespace atelier::corpus
