#pragma once
/// A corpus of flat pictures in every split and a model of random weights: what the rows run on, in seconds.
#include "corpus/records.h"
#include "eval/workbench.h"
#include "tests/promptcap/tiny_pipeline.h"

#include "base/files.h"

#include <array>
#include <map>

namespace atelier::eval::tests {

class SmallWorld {
 public:
  SmallWorld() {
    const std::vector<std::pair<std::string, std::string>> emoji = {
        {"1F415", "dog"}, {"1F408", "cat"}, {"1F427", "penguin"}, {"1F422", "turtle"}, {"1F34C", "banana"}, {"1F350", "pear"},
        {"1F697", "automobile"}, {"1F681", "helicopter"}, {"1F3E0", "house"}, {"1F528", "hammer"}, {"1F3B8", "guitar"}, {"1F451", "crown"},
        {"1F511", "key"}, {"1FA91", "chair"}, {"1F335", "cactus"}, {"1F980", "crab"}, {"1F355", "pizza"}};
    for (const auto& [code, title] : emoji) {
      for (const char* family : {"noto", "twemoji", "emojione"}) add("emoji:" + code, title, family, corpus::Split::train);
      add("emoji:" + code, title, "fxemoji", corpus::Split::combination);
      add("emoji:" + code, title, "openmoji", corpus::Split::heldout_style);
    }
    for (size_t c = 0; c < 3; ++c) {
      const std::string& id = corpus::HeldOut::instance().dev()[c];
      for (const char* family : {"noto", "twemoji", "emojione", "fxemoji", "openmoji", "blob", "streamline", "other", "tenth", "last"})
        add(id, corpus::HeldOut::instance().label(id), family, corpus::Split::heldout_concept);
    }
    write_corpus();
    // The model knows the training styles, and has a CLIP (random weights, tests/data/README.md).
    const std::filesystem::path config = pipeline_.folder() / "fusion" / "config.json";
    base::json fusion = base::read_json(config);
    fusion["styles"] = {"noto style", "twemoji style", "emojione style", "fxemoji style"};
    base::write_json(config, fusion);
    std::filesystem::copy(ATELIER_TEST_DATA "/clip_tiny", pipeline_.folder() / "clip", std::filesystem::copy_options::recursive);
  }

  EvalOptions options() const {
    EvalOptions options;
    options.models = pipeline_.folder();
    options.corpus = folder_ / "corpus";
    options.output = folder_.path();
    options.size = Size::quick;
    return options;
  }
  std::filesystem::path file(const std::string& name) const { return folder_ / name; }

 private:
  void add(const std::string& concept_id, const std::string& title, const std::string& family, corpus::Split split) {
    corpus::Picture picture;
    picture.id = fmt::format("{}:{}", family, title);
    picture.source = picture.family = family;
    picture.style = family + " style";
    picture.concept_id = concept_id;
    picture.title = title;
    picture.tags = {"thing"};
    picture.group = "Objects";
    picture.kind = "emoji";
    picture.licence = "MIT";
    picture.credit = "nobody";
    picture.split = split;
    pictures_.push_back(picture);
  }

  /// A square a picture: its colour is the concept's, a little brighter or darker by family.
  void write_corpus() {
    const auto n = static_cast<int64_t>(pictures_.size());
    Tensor pixels = at::zeros({n, 128, 128, 4}, at::kByte), split = at::zeros({n}, at::kByte), weight = at::zeros({n}, at::kFloat);
    std::map<std::string, int64_t> concepts, families;
    std::string lines;
    for (int64_t i = 0; i < n; ++i) {
      const corpus::Picture& p = pictures_[static_cast<size_t>(i)];
      const int64_t k = concepts.try_emplace(p.concept_id, static_cast<int64_t>(concepts.size())).first->second;
      const int64_t family = families.try_emplace(p.family, static_cast<int64_t>(families.size())).first->second;
      const std::array<int64_t, 3> colour = {k * 89 % 230, (k * 151 + 40) % 230, (k * 53 + 100) % 230};
      Tensor square = pixels[i].slice(0, 8, 120).slice(1, 8, 120);
      for (int64_t c = 0; c < 3; ++c) square.select(2, c).fill_(colour[static_cast<size_t>(c)] + family);
      square.select(2, 3).fill_(255);
      split[i] = static_cast<int64_t>(p.split);
      weight[i] = p.split == corpus::Split::train ? 1.0 : 0.0;
      lines += base::dump_json(corpus::to_json(p)) + "\n";
    }
    std::filesystem::create_directories(folder_ / "corpus");
    base::write_safetensors(folder_ / "corpus" / "pictures.safetensors", {{"pixels", pixels}, {"split", split}, {"weight", weight}});
    base::write_file(folder_ / "corpus" / "corpus.jsonl", lines);
  }

  atelier::tests::TemporaryFolder folder_;
  promptcap::tests::TinyPipeline pipeline_;
  std::vector<corpus::Picture> pictures_;
};

}  // namespace atelier::eval::tests
