#include "retrieval/memory/manifest.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>

namespace atelier::retrieval {
namespace {

namespace fs = std::filesystem;
using base::json;

constexpr size_t kMaxRecord = 1 << 20;  // bytes of a manifest's line
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// "file_name" -> "picture"; none for a name of no meaning here.
std::optional<std::string> field_name(const std::string& name) {
  for (const auto& [ours, names] : {std::pair<const char*, std::vector<const char*>>{"picture", {"picture", "file_name", "image"}},
                                    {"caption", {"caption", "text"}}, {"id", {"id"}}, {"tags", {"tags"}}, {"source", {"source"}},
                                    {"licence", {"licence", "license"}}})
    if (std::find(names.begin(), names.end(), name) != names.end()) return ours;
  return std::nullopt;
}

void set_field(NewDocument& document, const std::string& name, std::string value, const fs::path& folder) {
  if (name == "picture") document.picture = value.empty() ? fs::path() : folder / value;
  if (name == "caption") document.caption = std::move(value);
  if (name == "id") document.id = std::move(value);
  if (name == "source") document.source = std::move(value);
  if (name == "licence") document.licence = std::move(value);
}

/// A document that is named by nothing else has its picture's path in the manifest for an id.
void name_by_picture(NewDocument& document, const fs::path& folder) {
  if (document.id.empty() && !document.picture.empty()) document.id = document.picture.lexically_relative(folder).generic_string();
}

class Folder : public DocumentSource {
 public:
  explicit Folder(const fs::path& folder) : folder_(folder) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
      const std::string extension = lower(entry.path().extension().string());
      if (entry.is_regular_file() && (extension == ".png" || extension == ".jpg" || extension == ".jpeg")) pictures_.push_back(entry.path());
    }
    std::sort(pictures_.begin(), pictures_.end());  // the file system's order is nobody's
    CHECK_FILE(!pictures_.empty(), folder.string(), "this folder holds no picture (.png, .jpg, .jpeg)");
  }

  int64_t total() const override { return static_cast<int64_t>(pictures_.size()); }

  bool next(NewDocument& document) override {
    if (next_ == pictures_.size()) return false;
    const fs::path& picture = pictures_[next_++];
    document = {};
    document.picture = picture;
    document.where = picture.string();
    document.id = picture.lexically_relative(folder_).generic_string();
    const fs::path caption = fs::path(picture).replace_extension(".txt");
    std::error_code ignored;
    if (fs::exists(caption, ignored)) {
      document.caption = base::read_file(caption, kMaxRecord);
      if (document.caption.starts_with(kByteOrderMark)) document.caption.erase(0, kByteOrderMark.size());
      CHECK_FILE(base::is_utf8(document.caption), caption.string(), "the caption is not UTF-8");
    }
    return true;
  }

 private:
  fs::path folder_;
  std::vector<fs::path> pictures_;
  size_t next_ = 0;
};

/// A text file whose lines are counted once and then read again; shared by both kinds of manifest.
class Lines {
 public:
  explicit Lines(const fs::path& path) : path_(path), stream_(path, std::ios::binary) {
    CHECK_FILE(stream_.good(), path.string(), "cannot be opened");
  }

  /// Without its end. A line that is too long is cut; too_long() says so.
  bool next(std::string& line) {
    line.clear();
    too_long_ = false;
    int c = stream_.get();
    if (c == EOF) return false;
    for (; c != EOF && c != '\n'; c = stream_.get()) {
      if (line.size() < kMaxRecord) line += static_cast<char>(c);
      else too_long_ = true;
    }
    if (++number_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.ends_with('\r')) line.pop_back();
    return true;
  }

  void rewind() {
    stream_.clear();
    stream_.seekg(0);
    number_ = 0;
  }

  bool too_long() const { return too_long_; }
  int64_t number() const { return number_; }
  const fs::path& path() const { return path_; }
  std::string where(int64_t number) const { return fmt::format("{} line {}", path_.string(), number); }

 private:
  fs::path path_;
  std::ifstream stream_;
  bool too_long_ = false;
  int64_t number_ = 0;
};

bool blank(const std::string& line) { return line.find_first_not_of(" \t") == line.npos; }

class JsonLines : public DocumentSource {
 public:
  explicit JsonLines(const fs::path& path) : lines_(path), folder_(path.parent_path()) {
    for (std::string line; lines_.next(line);) total_ += !blank(line);
    lines_.rewind();
  }

  int64_t total() const override { return total_; }

  bool next(NewDocument& document) override {
    std::string line;
    do {
      if (!lines_.next(line)) return false;
    } while (blank(line));
    const std::string where = lines_.where(lines_.number());
    CHECK_FILE(!lines_.too_long(), where, "is longer than {} bytes", kMaxRecord);
    const json object = base::parse_json(line, where);
    CHECK_FILE(object.is_object(), where, "is no JSON object");
    document = {};
    document.where = where;
    for (const auto& [key, value] : object.items()) {
      const std::optional<std::string> name = field_name(key);
      if (!name || value.is_null()) continue;
      if (*name == "tags") {
        CHECK_FILE(value.is_array(), where, "tags must be an array of strings, not {}", base::shown(value));
        for (const json& tag : value) {
          CHECK_FILE(tag.is_string(), where, "tags must be an array of strings, not {}", base::shown(value));
          document.tags.push_back(tag.get<std::string>());
        }
        continue;
      }
      CHECK_FILE(value.is_string(), where, "{} must be a string, not {}", key, base::shown(value));
      set_field(document, *name, value.get<std::string>(), folder_);
    }
    name_by_picture(document, folder_);
    return true;
  }

 private:
  Lines lines_;
  fs::path folder_;
  int64_t total_ = 0;
};

class Csv : public DocumentSource {
 public:
  explicit Csv(const fs::path& path) : lines_(path), folder_(path.parent_path()) {
    std::vector<std::string> fields;
    CHECK_FILE(record(fields), path.string(), "is empty");
    std::set<std::string> seen;
    for (std::string& field : fields) {
      names_.push_back(field_name(lower(field)).value_or(""));
      CHECK_FILE(names_.back().empty() || seen.insert(names_.back()).second, path.string(), "the first line names {} twice", names_.back());
    }
    CHECK_FILE(seen.contains("picture") || seen.contains("caption"), path.string(),
               "the first line must name the columns, picture or caption among them");
    for (bool more = true; more;) {
      try {
        more = record(fields);
      } catch (const base::InvalidFile&) {
      }
      total_ += more;
    }
    lines_.rewind();
    record(fields);
  }

  int64_t total() const override { return total_; }

  bool next(NewDocument& document) override {
    std::vector<std::string> fields;
    if (!record(fields)) return false;
    const std::string where = lines_.where(first_);
    CHECK_FILE(fields.size() == names_.size(), where, "has {} fields, the first line has {}", fields.size(), names_.size());
    document = {};
    document.where = where;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (names_[i] != "tags") {
        set_field(document, names_[i], std::move(fields[i]), folder_);
        continue;
      }
      for (size_t begin = 0; begin < fields[i].size();) {
        const size_t end = std::min(fields[i].find(';', begin), fields[i].size());
        if (end > begin) document.tags.push_back(fields[i].substr(begin, end - begin));
        begin = end + 1;
      }
    }
    name_by_picture(document, folder_);
    return true;
  }

 private:
  /// The fields of the next record that is not blank; a quoted field may go over several lines.
  bool record(std::vector<std::string>& fields) {
    std::string line;
    do {
      if (!lines_.next(line)) return false;
    } while (blank(line));
    first_ = lines_.number();
    fields.assign(1, "");
    size_t bytes = 0;
    bool quoted = false, was_quoted = false;
    while (true) {
      CHECK_FILE(!lines_.too_long() && (bytes += line.size()) <= kMaxRecord, lines_.where(first_), "is longer than {} bytes", kMaxRecord);
      for (size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted) {
          if (c != '"') fields.back() += c;
          else if (i + 1 < line.size() && line[i + 1] == '"') fields.back() += line[++i];
          else quoted = false, was_quoted = true;
        } else if (c == ',') {
          fields.emplace_back();
          was_quoted = false;
        } else if (c == '"' && fields.back().empty() && !was_quoted) {
          quoted = true;
        } else {
          CHECK_FILE(!was_quoted, lines_.where(first_), "has text behind a quoted field");
          fields.back() += c;
        }
      }
      if (!quoted) return true;
      fields.back() += '\n';
      CHECK_FILE(lines_.next(line), lines_.where(first_), "a quoted field never ends");
    }
  }

  Lines lines_;
  fs::path folder_;
  std::vector<std::string> names_;  // of the columns; empty: of no meaning here
  int64_t total_ = 0, first_ = 0;
};

}  // namespace

std::unique_ptr<DocumentSource> open_source(const fs::path& path) {
  std::error_code ignored;
  CHECK_FILE(fs::exists(path, ignored), path.string(), "there is no such file or folder");
  if (fs::is_directory(path, ignored)) return std::make_unique<Folder>(path);
  const std::string extension = lower(path.extension().string());
  if (extension == ".jsonl") return std::make_unique<JsonLines>(path);
  REQUIRE(extension == ".csv", "{} must be a folder of pictures, a .jsonl or a .csv manifest", path.string());
  return std::make_unique<Csv>(path);
}

}  // namespace atelier::retrieval
