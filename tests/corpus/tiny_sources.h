#pragma once
/// A folder of fetched packages in miniature: every package of sources.json is there, with a handful of drawings.
#include "base/files.h"
#include "base/json.h"
#include "corpus/sources.h"

#include <unistd.h>
#include <webp/encode.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace atelier::corpus {

inline std::string square_svg(const std::string& attributes) {
  return R"(<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100" viewBox="0 0 100 100"><rect )" + attributes + "/></svg>";
}

inline std::string webp_of(int width, int height, std::vector<uint8_t> rgba) {
  uint8_t* bytes = nullptr;
  const size_t size = WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &bytes);
  std::string out(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return out;
}

class TinySources {
 public:
  using json = base::json;

  TinySources() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() / fmt::format("atelier_corpus_{}_{}", getpid(), count++);
    for (const Source& source : source_table().sources)
      if (source.package.starts_with("@iconify-json/")) icons(source.package, {}, {});
    emoji_tables();
    pictures();
    clip_art();
    wordnet();
  }
  ~TinySources() { std::filesystem::remove_all(folder_); }
  TinySources(const TinySources&) = delete;

  const std::filesystem::path& folder() const { return folder_; }

  /// Writes a package's JSON files anew.
  void icons(const std::string& package, const std::map<std::string, std::string>& bodies, const std::map<std::string, std::string>& characters,
             const json& metadata = {}) {
    json set = {{"prefix", "test"}, {"width", 32}, {"height", 32}, {"icons", json::object()}};
    for (const auto& [name, body] : bodies) set["icons"][name] = {{"body", body}};
    json names = json::object();
    for (const auto& [hex, name] : characters) names[hex] = name;
    put(package, "package/icons.json", set.dump());
    put(package, "package/chars.json", names.dump());
    if (!metadata.is_null()) put(package, "package/metadata.json", metadata.dump());
  }

  std::filesystem::path place(const std::string& package_name) const {
    for (const Package& package : source_table().packages)
      if (package.name == package_name) return folder_ / "sources" / folder_name(package);
    return {};
  }

  void put(const std::string& package, const std::string& path, std::string_view bytes) const {
    const std::filesystem::path file = place(package) / path;
    std::filesystem::create_directories(file.parent_path());
    base::write_file(file, bytes);
  }

 private:
  void emoji_tables() {
    const std::string p = "emojibase-data";
    put(p, "package/en/data.json", R"([
      {"label":"red apple","hexcode":"1F34E","tags":["apple","red","fruit"],"group":4,"subgroup":42},
      {"label":"goat","hexcode":"1F410","tags":["animal"],"group":3,"subgroup":34},
      {"label":"horse","hexcode":"1F40E","tags":["animal","goat’s friend","1"],"group":3,"subgroup":34},
      {"label":"bird","hexcode":"1F426","tags":["animal","lol"],"group":3,"subgroup":34},
      {"label":"turkey","hexcode":"1F983","tags":["bird"],"group":3,"subgroup":34},
      {"label":"television","hexcode":"1F4FA","tags":["tv"],"group":3,"subgroup":34},
      {"label":"flag: Turkey","hexcode":"1F1F9-1F1F7","tags":["TR","flag"],"group":9,"subgroup":98},
      {"label":"flag: France","hexcode":"1F1EB-1F1F7","tags":["FR","flag"],"group":9,"subgroup":98},
      {"label":"waving hand","hexcode":"1F44B","tags":["hand"],"group":1,"subgroup":16}])");
    put(p, "package/en/messages.json", R"({"groups":[{"message":"people & body","order":1},{"message":"animals & nature","order":3},
      {"message":"food & drink","order":4},{"message":"flags","order":9}]})");
    put(p, "package/meta/groups.json", R"({"subgroups":{"16":"hand-fingers-open","34":"animal-mammal","42":"food-fruit","98":"country-flag"}})");
    put(p, "package/en/shortcodes/github.json", R"({"1F4FA":"tv","1F44B":["wave"]})");
    for (const char* language : {"fr", "de", "it", "es", "pt"})
      put(p, fmt::format("package/{}/compact.json", language), R"([{"hexcode":"1F410","label":"chèvre"},{"hexcode":"1F40E","label":"cavallo"}])");
    put("emojilib", "package/dist/emoji-en-US.json", R"json({"🍎":["red_apple","healthy",":)","school"]})json");
  }

  void pictures() {
    const std::string disc = R"(<circle cx="16" cy="16" r="10" fill="red"/>)", bar = R"(<rect x="2" y="12" width="28" height="8" fill="blue"/>)",
                      cross = R"(<path d="M2 14h12V2h4v12h12v4H18v12h-4V18H2z" fill="green"/>)",
                      ring = R"(<circle cx="16" cy="16" r="11" fill="none" stroke="black" stroke-width="3"/>)",
                      wedge = R"(<path d="M2 30h28V2z" fill="orange"/>)";
    icons("@iconify-json/noto", {{"red-apple", disc}, {"goat", bar}, {"horse", cross}, {"waving-hand", bar}, {"waving-hand-dark-skin-tone", bar}, {"empty", "<g/>"}},
          {{"1f34e", "red-apple"}, {"1f410", "goat"}, {"1f40e", "horse"}, {"1f44b", "waving-hand"}, {"1f44b-1f3ff", "waving-hand-dark-skin-tone"}});
    icons("@iconify-json/twemoji", {{"red-apple", cross}, {"goat", cross}, {"horse", cross}}, {{"1f34e", "red-apple"}, {"1f410", "goat"}, {"1f40e", "horse"}});
    icons("@iconify-json/fxemoji", {{"redapple", bar}, {"blackhardshellfloppy", bar}}, {});
    icons("@iconify-json/fluent-emoji", {{"waving-hand", disc}, {"waving-hand-medium", disc}}, {});
    icons("@iconify-json/streamline-emojis", {{"turkey", disc}, {"bird-2", cross}}, {}, {{"categories", {{"Flags", {"turkey"}}, {"Animals Nature", {"bird-2"}}}}});
    icons("@iconify-json/game-icons", {{"goat-skull", cross}, {"tv", bar}, {"pirate-skull", disc}, {"wave", cross}}, {});
    icons("@iconify-json/icon-park", {{"phone-two", bar}, {"firefox", disc}}, {}, {{"categories", {{"Brand", {"firefox"}}, {"ArtificialLight", {"phone-two"}}}}});
    icons("@iconify-json/circle-flags", {{"fr", disc}, {"us-ca", bar}}, {});
    icons("@iconify-json/openmoji", {{"red-apple", ring}, {"goat", ring}}, {{"1F34E", "red-apple"}, {"1F410", "goat"}});
    icons("@iconify-json/emojione-v1", {{"red-apple", wedge}}, {});
    put("@lobehub/fluent-emoji-3d", "package/assets/1f34e.webp", webp_of(2, 1, {255, 0, 0, 255, 0, 0, 255, 128}));
    put("@lobehub/fluent-emoji-3d", "package/assets/1f44b-1f3fb.webp", webp_of(1, 1, {255, 0, 0, 255}));
    put("openmoji", "package/package.json", "{}");
  }

  void clip_art() {
    clip("animals/cavallo_bruno_01.svg", "batch", "http://web.resource.org/cc/PublicDomain");
    clip("animals/chevre_bruno_01.svg", "batch", "http://web.resource.org/cc/PublicDomain");
    clip("animals/bird_01.svg", "Red bird", "http://web.resource.org/cc/PublicDomain");
    clip("animals/bird_02.svg", "Gnu bird", "http://creativecommons.org/licenses/GPL/2.0/");
    clip("animals/bird_03.svg", "Bird unknown", "");
    clip("computer/bird_04.svg", "Bird icon", "http://web.resource.org/cc/PublicDomain");
    for (int i = 0; i < 4; ++i) clip(fmt::format("food/{}zzz_01.svg", i), "batch", "http://web.resource.org/cc/PublicDomain");
  }

  void clip(const std::string& path, const std::string& title, const std::string& licence) {
    put("openclipart-svg", "usr/share/openclipart/svg/" + path,
        fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="10" height="{}"><metadata><rdf:RDF xmlns:rdf="a" xmlns:cc="b" xmlns:dc="c"><cc:Work>)"
                    R"(<dc:title>{}</dc:title><dc:subject><rdf:Bag><rdf:li>hash</rdf:li><rdf:li>animal</rdf:li></rdf:Bag></dc:subject>)"
                    R"(<dc:creator><cc:Agent><dc:title>Bruno</dc:title></cc:Agent></dc:creator><cc:license rdf:resource="{}"/></cc:Work></rdf:RDF></metadata>)"
                    R"(<rect width="10" height="100" fill="#345"/></svg>)",
                    3 + clips_++, title, licence));
  }

  // offset lex_filenum ss_type w_cnt words p_cnt pointers | gloss; hypernyms first, so that their offsets are known.
  void wordnet() {
    std::string data = "  1 a licence\n";
    std::map<std::string, std::vector<size_t>> index;
    const auto add = [&](int file, const std::string& word, long hypernym, const std::string& gloss) {
      const size_t offset = data.size();
      data += fmt::format("{:08} {:02} n 01 {} 0 {} | {}  \n", offset, file, word, hypernym < 0 ? "000" : fmt::format("001 @ {:08} n 0000", hypernym), gloss);
      index[word].push_back(offset);
      return static_cast<long>(offset);
    };
    const long entity = add(3, "entity", -1, "that which exists");
    const long animal = add(5, "animal", entity, "a living thing; \"an animal ran by\"");
    const long goat = add(5, "goat", animal, "a horned animal");
    add(6, "horse", entity, "a padded apparatus for gymnastics");
    add(5, "horse", goat, "a solid-hoofed animal; \"he rode a horse\"");
    add(13, "apple", entity, "a fruit that no goat leaves alone");
    add(5, "bird", animal, "has feathers");
    std::string lines = "  1 a licence\n";
    for (const auto& [word, offsets] : index) {
      lines += fmt::format("{} n {} 1 @ {} 0", word, offsets.size(), offsets.size());
      for (size_t offset : offsets) lines += fmt::format(" {:08}", offset);
      lines += "  \n";
    }
    put("wordnet-base", "usr/share/wordnet/data.noun", data);
    put("wordnet-base", "usr/share/wordnet/index.noun", lines);
    put("wordnet-base", "usr/share/wordnet/index.verb", "ride v 1 0 1 0 00000000  \n");
    put("wordnet-base", "usr/share/wordnet/index.adj", "red a 1 0 1 0 00000000  \n");
    put("wordnet-base", "usr/share/wordnet/index.adv", "  1 a licence\n");
  }

  std::filesystem::path folder_;
  int clips_ = 0;
};

}  // namespace atelier::corpus
