// Reader of the Open Clip Art Library: public-domain SVG files whose titles are half noise.
#include "corpus/drawings.h"
#include "corpus/words.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"

#include <algorithm>
#include <set>

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;

// Keywords of the library's own housekeeping.
const std::set<std::string> kNoise = {"hash", "theme", "icons", "icon", "clip art", "clipart", "unsorted", "symbol", "work", "image", "flat", "element"};

struct Metadata {
  std::string title, author;
  std::vector<std::string> keywords;
  bool public_domain = false;
};

std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
  const size_t begin = text.find(open);
  if (begin == std::string_view::npos) return {};
  const size_t end = text.find(close, begin + open.size());
  return end == std::string_view::npos ? std::string_view{} : text.substr(begin + open.size(), end - begin - open.size());
}

std::string unescape(std::string_view text) {
  std::string out(text);
  for (auto [entity, plain] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}})
    for (size_t at = 0; (at = out.find(entity, at)) != std::string::npos; ++at) out.replace(at, std::string_view(entity).size(), plain);
  return out;
}

// The files' RDF was written by one program, so that it can be cut at its tags.
Metadata metadata(std::string_view svg) {
  Metadata out;
  const std::string_view rdf = between(svg, "<rdf:RDF", "</rdf:RDF>");
  out.title = unescape(between(rdf, "<dc:title>", "</dc:title>"));
  out.author = unescape(between(between(rdf, "<dc:creator>", "</dc:creator>"), "<dc:title>", "</dc:title>"));
  std::string_view subject = between(rdf, "<dc:subject>", "</dc:subject>");
  while (!subject.empty()) {
    const std::string_view keyword = between(subject, "<rdf:li>", "</rdf:li>");
    if (keyword.empty()) break;
    out.keywords.push_back(unescape(keyword));
    subject.remove_prefix(keyword.data() + keyword.size() - subject.data());
  }
  const auto licence = [&](std::string_view open) { return between(rdf, open, "\""); };
  std::string_view found = licence("<cc:license rdf:resource=\"");
  if (found.empty()) found = licence("<license rdf:resource=\"");
  std::string name = squash(found);
  out.public_domain = name.find("publicdomain") != std::string::npos && rdf.find("GPL") == std::string_view::npos;
  return out;
}

// Desktop icons, generated stars, gradients, playing cards, map signs and doubles: nothing that a title describes.
bool wanted(const std::string& folder) {
  for (std::string_view prefix : {"computer", "shapes/stars", "shapes/flowchart", "special", "recreation/games/cards", "logos", "unsorted/duplicates",
                                  "signs_and_symbols/led", "signs_and_symbols/map_symbols", "signs_and_symbols/flags",
                                  "people/clothing/pantyhose"})
    if (folder.starts_with(prefix)) return false;
  return true;
}

std::vector<std::string> folder_words(const fs::path& folder) {
  std::vector<std::string> out;
  for (const fs::path& part : folder) {
    std::string name = part.string();
    std::replace(name.begin(), name.end(), '_', ' ');
    if (name != "unsorted" && name != "signs and symbols" && name != "shapes" && name != ".") out.push_back(name);
  }
  return out;
}

bool english(const std::string& text, const WordNet& wordnet) {
  const std::vector<std::string> all = words(text);
  if (all.empty() || all.size() > 8) return false;
  return std::all_of(all.begin(), all.end(), [&](const std::string& word) { return word.size() > 1 && wordnet.knows(word); });
}

// "bat_orlando_karam_" -> "bat": the words before the first that is no English word.
std::string stem_title(const std::string& stem, const std::string& author, const WordNet& wordnet) {
  const std::vector<std::string> names = words(author);
  std::vector<std::string> kept;
  for (const std::string& word : words(stem)) {
    // Author names are cut short in file names: "architetto francesco ro".
    const bool is_author = std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name.starts_with(word); });
    if (is_author || word.size() < 3 || !wordnet.knows(word)) break;
    kept.push_back(word);
  }
  return join(kept, " ");
}

}  // namespace

std::vector<Drawing> read_openclipart(const Source& source, const fs::path& corpus_folder, const EmojiTable& emoji, const WordNet& wordnet,
                                      LeftOut& left_out) {
  const fs::path root = fetched(corpus_folder, source.package) / "usr/share/openclipart/svg";
  std::vector<fs::path> files;
  std::multimap<std::string, std::string> also_in;  // file -> a second folder, which a link puts it into
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".svg") continue;
    const fs::path folder = entry.path().lexically_relative(root).parent_path();
    if (!entry.is_symlink()) {
      files.push_back(entry.path());
      continue;
    }
    std::error_code dangling;
    const fs::path target = fs::canonical(entry.path(), dangling);
    if (!dangling) also_in.emplace(target.string(), folder.string());
  }
  std::sort(files.begin(), files.end());

  std::vector<std::pair<fs::path, Metadata>> kept;
  std::map<std::string, int> uses, uses_as_keyword;  // batch titles ("gramastar") describe nothing
  for (const fs::path& file : files) {
    base::throw_if_cancelled();
    if (!wanted(file.lexically_relative(root).parent_path().string())) {
      ++left_out["folder"];
      continue;
    }
    Metadata data = metadata(base::read_file(file, 64 << 20));
    if (!data.public_domain) {
      ++left_out["licence"];
      continue;
    }
    ++uses[fold(data.title)];
    for (const std::string& keyword : data.keywords) ++uses_as_keyword[join(words(keyword), " ")];
    kept.emplace_back(file, std::move(data));
  }

  std::vector<Drawing> out;
  for (const auto& [file, data] : kept) {
    const fs::path relative = file.lexically_relative(root);
    std::vector<std::string> folders = folder_words(relative.parent_path());
    for (auto [at, end] = also_in.equal_range(fs::canonical(file).string()); at != end; ++at)
      for (std::string& word : folder_words(at->second)) folders.push_back(std::move(word));

    std::vector<std::string> keywords;
    for (const std::string& keyword : clean_tags(data.keywords, ""))
      if (english(keyword, wordnet) && !kNoise.contains(keyword)) keywords.push_back(keyword);

    std::string title = fold(data.title);
    if (uses[title] > 3 || !english(title, wordnet)) title = stem_title(relative.stem().string(), data.author, wordnet);
    title = icon_title(title);
    // Many of the artists named their files in their own language: "tigre05_architetto_franc", "abeille".
    const Emoji* foreign = nullptr;
    if (const std::vector<std::string> stem = words(relative.stem().string()); !stem.empty())
      foreign = emoji.by_foreign_name(stem.front().substr(0, stem.front().find_first_of("0123456789")));
    if (title.empty() && foreign) title = foreign->label;
    // Of the keywords the rarest says most: "crawfish" rather than "food".
    if (title.empty() && !keywords.empty())
      title = *std::min_element(keywords.begin(), keywords.end(),
                                [&](const std::string& a, const std::string& b) { return uses_as_keyword[a] < uses_as_keyword[b]; });
    if (title.empty() && !folders.empty()) title = singular(folders.back());
    if (title.empty()) {
      ++left_out["no name"];
      continue;
    }
    if (const std::vector<std::string> said = words(title);
        std::any_of(said.begin(), said.end(), [](const std::string& word) { return word == "sexy" || word == "nude" || word == "naked"; })) {
      ++left_out["taste"];
      continue;
    }
    Drawing drawing;
    Picture& picture = drawing.picture;
    picture = picture_of(source, relative.string());
    const Emoji* same = emoji.by_name(title);
    picture.concept_id = same ? "emoji:" + same->hex : "word:" + title;
    if (const Emoji* alike = foreign ? foreign : emoji.by_shortcode(title)) drawing.other_concept = "emoji:" + alike->hex;
    picture.title = title;
    picture.author = data.author;
    picture.group = same ? same->group : folders.empty() ? "" : folders.front();
    picture.subgroup = same ? same->subgroup : "";
    for (const std::string& folder : folders) keywords.push_back(folder);
    picture.tags = clean_tags(keywords, title);
    drawing.file = file;
    out.push_back(std::move(drawing));
  }
  return out;
}

}  // namespace atelier::corpus
