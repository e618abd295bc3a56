// Looking with models from files: Haar cascades, and ONNX networks through OpenCV's DNN.
#include "sketchpad/tools/declarations.h"
#include "sketchpad/tools/found.h"

#include "base/error.h"
#include "base/files.h"

#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

namespace atelier::sketchpad {
namespace {

// A plain name in the models' folder: no path may leave it.
cv::dnn::Net load(const Args& args, const Sheet& sheet, const char* tool) {
  const std::string name = args.text("model");
  for (char c : name) REQUIRE((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
      c == '.', "{}: a model is a file's name without folders, not {}", tool, base::shown(name));
  const auto& folder = sheet.resources().models;
  REQUIRE(!folder.empty(), "{}: no folder of models is set", tool);
  const auto path = folder / (name.ends_with(".onnx") ? name : name + ".onnx");
  REQUIRE(std::filesystem::is_regular_file(path), "{}: there is no model {} in {}", tool, path.filename().string(), folder.string());
  const std::string bytes = base::read_file(path);
  try {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(bytes.data(), bytes.size());
    REQUIRE(!net.empty(), "{}: {} holds no network", tool, path.filename().string());
    net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    return net;
  } catch (const cv::Exception& error) {
    throw base::InvalidFile(fmt::format("{}: cannot be read as an ONNX network: {}", path.string(), error.err));
  }
}

// (1, 3, size, size), RGB: (value / 255 - mean) / deviation.
cv::Mat input_of(const cv::Mat& rgb, int64_t size, const std::vector<double>& mean, const std::vector<double>& deviation) {
  cv::Mat scaled, real;
  cv::resize(rgb, scaled, cv::Size(static_cast<int>(size), static_cast<int>(size)), 0, 0, cv::INTER_AREA);
  scaled.convertTo(real, CV_32F, 1.0 / 255);
  cv::subtract(real, cv::Scalar(mean[0], mean[1], mean[2]), real);
  cv::divide(real, cv::Scalar(deviation[0], deviation[1], deviation[2]), real);
  return cv::dnn::blobFromImage(real);
}

cv::Mat run(cv::dnn::Net& net, const cv::Mat& rgb, const Args& args) {
  net.setInput(input_of(rgb, args.integer("size"), args.numbers("mean"), args.numbers("deviation")));
  return net.forward();
}

Tool& with_model(Tool& t) {
  return t.arg("model", text(80), "an ONNX file in the folder of models")
      .opt("size", integer(16, 1024), 640, "of the square that the network takes, pixels")
      .opt("mean", list_of(number(-10, 10), 3, 3), json::array({0, 0, 0}), "of its input, for values in 0 to 1")
      .opt("deviation", list_of(number(0.001, 100), 3, 3), json::array({1, 1, 1}))
      .opt("picture", picture(), "");
}

// Rows of boxes in the layouts of the usual exporters: SSD (1, 1, n, 7), YOLOv5 (1, n, 5 + classes), YOLOv8 (1, 4 + classes, n).
std::vector<Found> boxes_of(const cv::Mat& out, const cv::Mat& rgb, double size, double threshold) {
  std::vector<cv::Rect> boxes;
  std::vector<float> scores;
  std::vector<int> classes;
  const auto add = [&](double left, double top, double width, double height, float score, int what) {
    const cv::Rect box(cvRound(left * rgb.cols), cvRound(top * rgb.rows), cvRound(width * rgb.cols), cvRound(height * rgb.rows));
    if (const cv::Rect seen = box & cv::Rect(0, 0, rgb.cols, rgb.rows); seen.area() > 0) boxes.push_back(seen),
        scores.push_back(score), classes.push_back(what);
  };
  if (out.dims == 4 && out.size[3] == 7) {
    const cv::Mat rows(out.size[2], 7, CV_32F, const_cast<float*>(out.ptr<float>()));
    for (int i = 0; i < rows.rows; ++i) {
      const float* r = rows.ptr<float>(i);
      if (r[2] >= threshold) add(r[3], r[4], r[5] - r[3], r[6] - r[4], r[2], static_cast<int>(r[1]));
    }
  } else {
    REQUIRE(out.dims == 3 && std::min(out.size[1], out.size[2]) >= 5,
        "detect: the network's output is no list of boxes that this tool knows (SSD, YOLOv5, YOLOv8)");
    const bool across = out.size[1] < out.size[2];
    cv::Mat rows(out.size[1], out.size[2], CV_32F, const_cast<float*>(out.ptr<float>()));
    if (across) rows = rows.t();
    const int first = across ? 4 : 5;
    for (int i = 0; i < rows.rows; ++i) {
      const float* r = rows.ptr<float>(i);
      const int best = rows.cols > first ? static_cast<int>(std::max_element(r + first, r + rows.cols) - (r + first)) : 0;
      const float score = (rows.cols > first ? r[first + best] : 1.0F) * (across ? 1.0F : r[4]);
      if (score >= threshold) add((r[0] - r[2] / 2) / size, (r[1] - r[3] / 2) / size, r[2] / size, r[3] / size, score, best);
    }
  }
  std::vector<int> kept;
  cv::dnn::NMSBoxes(boxes, scores, static_cast<float>(threshold), 0.5F, kept);
  std::vector<Found> found;
  for (int i : kept)
    if (found.size() < 200) found.push_back({fmt::format("class {}", classes[i]), boxes[i],
        {{"score", rounded(scores[i], 3)}, {"class", classes[i]}}});
  return found;
}

}  // namespace

Tool detect_tool() {
  return tool("detect")
      .says("Finds objects: with a Haar cascade (faces, eyes, cats, ...) or with an ONNX detector.")
      .opt("cascade", choice({"frontalface_default", "frontalface_alt2", "profileface", "eye", "smile", "fullbody", "upperbody",
          "lowerbody", "frontalcatface"}), nullptr)
      .opt("model", text(80), nullptr, "instead: an ONNX file in the folder of models")
      .opt("threshold", number(0.01, 1), 0.35, "least score of an ONNX detector's box")
      .opt("size", integer(16, 1024), 640, "of the square that the network takes, pixels")
      .opt("mean", list_of(number(-10, 10), 3, 3), json::array({0, 0, 0}), "of its input, for values in 0 to 1")
      .opt("deviation", list_of(number(0.001, 100), 3, 3), json::array({1, 1, 1}))
      .opt("picture", picture(), "")
      .limits({.pixels = 8 << 20, .time = std::chrono::milliseconds(30'000)})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        REQUIRE(args.has("cascade") != args.has("model"), "detect: give either a cascade or a model");
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        std::vector<Found> found;
        if (args.has("cascade")) {
          const std::string file = "haarcascade_" + args.text("cascade") + ".xml";
          std::filesystem::path path;
          for (const auto& folder : sheet.resources().cascades)
            if (std::filesystem::is_regular_file(folder / file)) path = folder / file;
          REQUIRE(!path.empty(), "detect: {} is not installed (Debian: opencv-data)", file);
          cv::CascadeClassifier cascade;
          bool loaded = false;
          try {
            loaded = cascade.load(path);
          } catch (const cv::Exception&) {
          }
          CHECK_FILE(loaded, path.string(), "is no cascade that can be read");
          cv::Mat grey;
          cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
          cv::equalizeHist(grey, grey);
          std::vector<cv::Rect> boxes;
          cascade.detectMultiScale(grey, boxes, 1.1, 4, 0, cv::Size(20, 20));
          for (const cv::Rect& box : boxes) found.push_back({args.text("cascade"), box});
        } else {
          cv::dnn::Net net = load(args, sheet, "detect");
          found = boxes_of(run(net, rgb, args), rgb, static_cast<double>(args.integer("size")), args.number("threshold"));
        }
        return show_found(sheet, "detected", rgb, found, "nothing detected");
      });
}

Tool segment_tool() {
  Tool t = tool("segment").says("Divides a picture into classes with an ONNX network that gives a score a class and pixel, and colours them.");
  return with_model(t).limits({.pixels = 8 << 20, .time = std::chrono::milliseconds(30'000)}).runs([](const Args& args,
      Sheet& sheet) -> Observation {
    const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
    cv::dnn::Net net = load(args, sheet, "segment");
    const cv::Mat out = run(net, rgb, args);
    REQUIRE(out.dims == 4 && out.size[0] == 1 && out.size[1] >= 2 && out.size[1] <= 1000,
        "segment: the network's output is not (1, classes, height, width)");
    const int classes = out.size[1], rows = out.size[2], columns = out.size[3];
    cv::Mat best(rows, columns, CV_32F, const_cast<float*>(out.ptr<float>(0, 0))), which = cv::Mat::zeros(rows, columns, CV_16U);
    best = best.clone();
    for (int c = 1; c < classes; ++c) {
      const cv::Mat plane(rows, columns, CV_32F, const_cast<float*>(out.ptr<float>(0, c)));
      const cv::Mat better = plane > best;
      plane.copyTo(best, better);
      which.setTo(c, better);
    }
    cv::resize(which, which, rgb.size(), 0, 0, cv::INTER_NEAREST);
    cv::Mat shown = rgb.clone();
    json parts = json::array();
    std::string text;
    for (int c = 0; c < classes; ++c) {
      const cv::Mat mask = which == c;
      const int count = cv::countNonZero(mask);
      if (count == 0) continue;
      // Hues a golden angle apart: neighbours in number differ most.
      cv::Mat hue(1, 1, CV_8UC3, cv::Scalar(std::fmod(c * 180 * 0.618, 180), 200, 230)), colour;
      cv::cvtColor(hue, colour, cv::COLOR_HSV2RGB);
      const cv::Vec3b paint = colour.at<cv::Vec3b>(0, 0);
      const cv::Mat layer(rgb.size(), CV_8UC3, cv::Scalar(paint[0], paint[1], paint[2]));
      cv::Mat mixed;
      cv::addWeighted(rgb, 0.5, layer, 0.5, 0, mixed);
      mixed.copyTo(shown, mask);
      const double share = static_cast<double>(count) / static_cast<double>(rgb.total());
      parts.push_back({{"class", c}, {"share", rounded(share)}, {"box", to_json(normalised(cv::boundingRect(mask), rgb))},
          {"colour", hex({paint[0], paint[1], paint[2]})}});
      if (parts.size() <= 30) text += fmt::format(" class {}: {:.1f} %;", c, 100 * share);
    }
    return show(sheet, "segmented", to_image(shown), fmt::format("{} classes:{}", parts.size(), text), {{"classes", parts}});
  });
}

Tool depth_tool() {
  Tool t = tool("depth").says("How near each pixel is, by an ONNX network that gives one value a pixel; warm colours are near.");
  return with_model(t)
      .opt("at", list_of(point(), 0, 20), json::array(), "places whose depth is reported, 0 far to 1 near")
      .opt("near_is", choice({"large", "small"}), "large", "what the network's values mean")
      .limits({.pixels = 8 << 20, .time = std::chrono::milliseconds(30'000)})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        cv::dnn::Net net = load(args, sheet, "depth");
        const cv::Mat out = run(net, rgb, args);
        REQUIRE((out.dims == 3 && out.size[0] == 1) || (out.dims == 4 && out.size[0] == 1 && out.size[1] == 1),
            "depth: the network's output is not one value a pixel");
        cv::Mat depth(out.size[out.dims - 2], out.size[out.dims - 1], CV_32F, const_cast<float*>(out.ptr<float>())), full;
        cv::resize(depth, full, rgb.size(), 0, 0, cv::INTER_LINEAR);
        cv::normalize(full, full, 0, 1, cv::NORM_MINMAX);
        if (args.text("near_is") == "small") full = 1 - full;
        cv::Mat grey, shown;
        full.convertTo(grey, CV_8U, 255);
        cv::applyColorMap(grey, shown, cv::COLORMAP_INFERNO);
        cv::cvtColor(shown, shown, cv::COLOR_BGR2RGB);
        std::string text = "depth map; warm is near";
        json values = json::array();
        for (Point p : args.points("at")) {
          const double value = full.at<float>(std::min(rgb.rows - 1, static_cast<int>(p.y * rgb.rows)),
              std::min(rgb.cols - 1, static_cast<int>(p.x * rgb.cols)));
          values.push_back(rounded(value, 3));
          text += fmt::format("; ({:.3f}, {:.3f}): {:.2f}", p.x, p.y, value);
        }
        return show(sheet, "depth", to_image(shown), text, {{"depths", values}});
      });
}

}  // namespace atelier::sketchpad
