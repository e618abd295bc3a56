// Building: read every source, draw in parallel, keep what is neither blank nor double, split, write.
#include "corpus/drawings.h"
#include "corpus/records.h"
#include "corpus/render.h"
#include "corpus/splits.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

namespace atelier::corpus {
namespace {

namespace fs = std::filesystem;
using base::json;

// The header is written last, when the number of pictures is known: room for it, padded with spaces.
constexpr size_t kHeaderBytes = 512;
constexpr size_t kBlock = 256;  // drawings in memory at a time, 64 KiB each

std::vector<Drawing> read_sources(const fs::path& folder, const WordNet& wordnet) {
  const EmojiTable emoji(folder);
  std::vector<Drawing> drawings;
  for (const Source& source : source_table().sources) {
    base::throw_if_cancelled();
    LeftOut left_out;
    std::vector<Drawing> more = source.reader == "webp"          ? read_fluent_3d(source, folder, emoji, left_out)
                                : source.reader == "openclipart" ? read_openclipart(source, folder, emoji, wordnet, left_out)
                                                                 : read_iconify(source, folder, emoji, left_out);
    std::string note;
    for (const auto& [reason, count] : left_out) note += fmt::format(", {} left out ({})", count, reason);
    base::say(fmt::format("{}: {} drawings{}", source.source, more.size(), note));
    std::move(more.begin(), more.end(), std::back_inserter(drawings));
  }
  return drawings;
}

std::optional<Pixels> render(const Drawing& drawing) {
  if (!drawing.svg.empty()) return render_svg(drawing.svg);
  const std::string bytes = base::read_file(drawing.file, 64 << 20);
  return drawing.file.extension() == ".webp" ? render_webp(bytes) : render_svg(bytes);
}

// Slot i is the i-th drawing whichever thread drew it.
std::vector<std::optional<Pixels>> render_all(std::span<const Drawing> drawings) {
  std::vector<std::optional<Pixels>> out(drawings.size());
  std::atomic<size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (size_t i; (i = next++) < drawings.size();) out[i] = render(drawings[i]);
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::clamp(std::thread::hardware_concurrency(), 1u, 16u); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return out;
}

// Within a concept only: other concepts may well look alike (man, woman and person cooking).
class Doubles {
 public:
  bool seen(const std::string& concept_id, const Pixels& pixels) {
    std::vector<uint8_t> mine = thumbnail(pixels);
    std::vector<std::vector<uint8_t>>& others = thumbnails_[concept_id];
    for (const std::vector<uint8_t>& other : others) {
      int64_t difference = 0;
      for (size_t i = 0; i < mine.size(); ++i) difference += std::abs(mine[i] - other[i]);
      if (difference < 2 * static_cast<int64_t>(mine.size())) return true;
    }
    others.push_back(std::move(mine));
    return false;
  }

 private:
  std::map<std::string, std::vector<std::vector<uint8_t>>> thumbnails_;
};

// The weights stand before the splits: aligned, and the format allows no bytes between tensors.
std::string header(int64_t count) {
  const int64_t weight = count * kPictureBytes, split = weight + 4 * count;
  const json document = {{"pixels", {{"dtype", "U8"}, {"shape", {count, kSide, kSide, 4}}, {"data_offsets", {0, weight}}}},
                         {"weight", {{"dtype", "F32"}, {"shape", {count}}, {"data_offsets", {weight, split}}}},
                         {"split", {{"dtype", "U8"}, {"shape", {count}}, {"data_offsets", {split, split + count}}}}};
  std::string text = document.dump();
  ASSERT(text.size() <= kHeaderBytes - 8);
  text.resize(kHeaderBytes - 8, ' ');
  const uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), 8) + text;
}

void write_at_start(int fd, std::string_view bytes) {
  if (pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw base::ResourceError(fmt::format("writing the header: {}", std::strerror(errno)));
}

}  // namespace

void build(const fs::path& folder) {
  const WordNet wordnet(fetched(folder, "wordnet-base") / "usr/share/wordnet");
  std::vector<Drawing> drawings = read_sources(folder, wordnet);
  std::vector<Picture> pictures;
  std::vector<std::string> other_concepts;
  int64_t blank = 0, doubles = 0;

  base::write_file(folder / "pictures.safetensors", [&](int fd) {
    base::write_all(fd, std::string(kHeaderBytes, ' ').data(), kHeaderBytes);
    Doubles seen;
    base::Progress progress("drawing", static_cast<int64_t>(drawings.size()), "pictures");
    for (size_t begin = 0; begin < drawings.size(); begin += kBlock) {
      base::throw_if_cancelled();
      const size_t count = std::min(kBlock, drawings.size() - begin);
      const std::vector<std::optional<Pixels>> block = render_all(std::span(drawings).subspan(begin, count));
      for (size_t i = 0; i < count; ++i) {
        Drawing& drawing = drawings[begin + i];
        if (!block[i]) ++blank;
        else if (seen.seen(drawing.picture.concept_id, *block[i])) ++doubles;
        else {
          base::write_all(fd, block[i]->data(), block[i]->size());
          pictures.push_back(std::move(drawing.picture));
          other_concepts.push_back(std::move(drawing.other_concept));
        }
        drawing = {};
      }
      progress.advance(static_cast<int64_t>(count));
    }
    assign_splits(pictures, other_concepts, HeldOut::instance());
    const std::vector<float> weights = sampling_weights(pictures);
    base::write_all(fd, weights.data(), weights.size() * sizeof(float));
    for (const Picture& picture : pictures) base::write_all(fd, &picture.split, 1);
    write_at_start(fd, header(static_cast<int64_t>(pictures.size())));
  });

  std::string lines;
  for (const Picture& picture : pictures) lines += base::dump_json(to_json(picture)) + '\n';
  base::write_file(folder / "corpus.jsonl", lines);
  base::write_file(folder / "knowledge.jsonl", knowledge_lines(pictures, wordnet, HeldOut::instance()));
  base::write_file(folder / "ATTRIBUTION.md", attribution(pictures));
  base::say(fmt::format("{} pictures in {}; {} were blank or broken, {} double", pictures.size(), folder.string(), blank, doubles));
}

}  // namespace atelier::corpus
