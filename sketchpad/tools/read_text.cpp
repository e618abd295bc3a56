#include "sketchpad/glyph_reading.h"
#include "sketchpad/program.h"
#include "sketchpad/tools/declarations.h"

#include "base/error.h"

namespace atelier::sketchpad {

Tool read_text_tool() {
  return tool("read_text")
      .says("Reads the words in a picture with tesseract, or, with font = drawn, numbers and capitals written by draw_text.")
      .opt("box", box(), json::array({0, 0, 1, 1}), "the part to read")
      .opt("font", choice({"any", "drawn"}), "any")
      .opt("picture", picture(), "")
      .limits({.pixels = 8 << 20, .time = std::chrono::milliseconds(15'000)})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat all = to_mat(*args.picture("picture", sheet));
        const cv::Mat part = all(in_pixels(args.box("box"), all)).clone();
        std::string words;
        if (args.text("font") == "drawn") {
          for (const SeenText& t : read_glyphs(ink_mask(part, 130), kDigitsAndCapitals, 6, part.rows))
            if (t.score > 0.6) words += (words.empty() ? "" : " ") + t.text;
        } else {
          const auto path = find_program(sheet.resources().tesseract);
          REQUIRE(path, "read_text: {} is not installed (Debian: tesseract-ocr); font = drawn reads what draw_text wrote without it", sheet.resources().tesseract);
          // Small print is read better enlarged.
          vision::Image image = to_image(part);
          if (part.rows < 400) image = vision::resize(image, image.width * 2, image.height * 2, vision::Filter::bicubic);
          const auto deadline = Program::Clock::now() + args.time_left();
          Program program(*path, {"stdin", "stdout", "--psm", "6"});
          program.write(vision::encode_png(image), deadline);
          program.close_input();
          words = program.read_all(deadline);
          while (!words.empty() && (words.back() == '\n' || words.back() == '\f' || words.back() == ' ')) words.pop_back();
          if (words.size() > 4000) words.resize(4000);
        }
        return {words.empty() ? "no text found" : "text: " + words, {{"text", words}}};
      });
}

}  // namespace atelier::sketchpad
