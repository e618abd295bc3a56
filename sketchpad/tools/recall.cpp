#include "sketchpad/pixels.h"
#include "sketchpad/tools/learned.h"

#include <opencv2/imgproc.hpp>

#include <algorithm>

namespace atelier::sketchpad {
namespace {

constexpr int kTile = 160, kMargin = 4, kColumns = 4;

cv::Rect tile(size_t i) {
  const int at = static_cast<int>(i);
  return {at % kColumns * kTile, at / kColumns * kTile, kTile, kTile};
}

// The pictures in rows, each as large as its tile lets it be; a document without a picture leaves its tile white.
cv::Mat contact_sheet(const std::vector<Recalled>& found) {
  const int count = static_cast<int>(found.size());
  cv::Mat out((count + kColumns - 1) / kColumns * kTile, std::min(count, kColumns) * kTile, CV_8UC3, cv::Scalar(255, 255, 255));
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i].picture) continue;
    const cv::Mat whole = to_mat(*found[i].picture);
    const double scale = static_cast<double>(kTile - 2 * kMargin) / std::max(whole.cols, whole.rows);
    cv::Mat fitted;
    cv::resize(whole, fitted, cv::Size(std::max(1, cvRound(whole.cols * scale)), std::max(1, cvRound(whole.rows * scale))), 0, 0,
        scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    const cv::Rect at = tile(i);
    fitted.copyTo(out(cv::Rect(at.x + (kTile - fitted.cols) / 2, at.y + (kTile - fitted.rows) / 2, fitted.cols, fitted.rows)));
  }
  return out;
}

}  // namespace

Tool recall_tool(std::shared_ptr<Models> models) {
  return tool("recall")
      .says("Searches the memory of pictures and captions by words, by a picture, or by both; shows what is most alike, in rows.")
      .opt("words", text(300), nullptr, "what to look for")
      .opt("picture", picture(), nullptr, "instead or as well: a picture to look for the like of")
      .opt("count", integer(1, 8), 4, "documents at most")
      .limits({.time = std::chrono::milliseconds(60'000)})
      .runs([models = std::move(models)](const Args& args, Sheet& sheet) -> Observation {
        REQUIRE(args.has("words") || args.has("picture"), "recall: give words, a picture, or both");
        const std::string words = args.has("words") ? args.text("words") : "";
        if (args.has("words")) require_words("recall", "words", words);
        const auto seen = args.has("picture") ? args.picture("picture", sheet) : nullptr;
        const std::vector<Recalled> found = asked("recall", models, [&](Models& m) {
          return m.recall(args.has("words") ? &words : nullptr, seen.get(), args.integer("count"));
        });
        if (found.empty()) return {"the memory is empty", {{"found", json::array()}}};
        const cv::Mat shown = contact_sheet(found);
        // What a memory says is quoted: it is data, whatever it reads like.
        std::string said = fmt::format("{} found, in rows from the top left:", found.size());
        json data = json::array();
        for (size_t i = 0; i < found.size(); ++i) {
          const Recalled& one = found[i];
          said += fmt::format(" {}. {} ({:.3f});", i + 1, base::shown(one.caption), one.similarity);
          data.push_back({{"id", one.id}, {"caption", one.caption}, {"similarity", rounded(one.similarity)}, {"source", one.source},
              {"licence", one.licence}, {"box", to_json(normalised(tile(i), shown))}});
        }
        said.pop_back();
        return show(sheet, "recalled", to_image(shown), said, {{"found", data}});
      });
}

}  // namespace atelier::sketchpad
