#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/chess_board.h"
#include "sketchpad/pixels.h"

#include <opencv2/imgproc.hpp>

#include <array>
#include <map>

namespace atelier::sketchpad {
namespace {

constexpr int kSquare = 48;  // pixels, of templates and of squares as they are compared

// A square with each piece, as this canvas draws it. Keyed by piece and whether the square is light.
const std::map<std::pair<char, bool>, cv::Mat>& templates() {
  static const auto kTemplates = [] {
    std::map<std::pair<char, bool>, cv::Mat> out;
    for (char piece : std::string(kPieceLetters) + " ")
      for (bool light : {true, false}) {
        Canvas canvas(kSquare, kSquare);
        const Colour paint = light ? kLightSquare : kDarkSquare;
        canvas.box({0, 0, 1, 1}, {.colour = paint, .width = 0, .fill = paint});
        // The pen is as wide as on a square of a board of usual size.
        if (piece != ' ') draw_piece(canvas, piece, {0, 0, 1, 1});
        out[{piece, light}] = to_mat(canvas.render());
      }
    return out;
  }();
  return kTemplates;
}

// Where the squares' two colours are.
cv::Rect find_board(const cv::Mat& rgb) {
  const cv::Mat squares = near_mask(rgb, kLightSquare, 12) | near_mask(rgb, kDarkSquare, 12);
  const cv::Rect box = cv::boundingRect(squares);
  const bool square = box.width >= 80 && std::abs(box.width - box.height) <= 0.05 * box.width;
  REQUIRE(square && cv::countNonZero(squares(box)) > 0.3 * box.area(),
      "read_board: no chess board of draw_board's colours is seen in this picture");
  return box;
}

}  // namespace

Tool read_board_tool() {
  return tool("read_board")
      .says("Reads the pieces off a drawn chess board by comparing each square with the drawn pieces; the eighth rank is on top.")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const cv::Mat rgb = to_mat(*args.picture("picture", sheet));
        const cv::Rect board = find_board(rgb);
        Squares squares;
        json unsure = json::array();
        std::map<char, std::string> where;
        for (int row = 0; row < 8; ++row)
          for (int column = 0; column < 8; ++column) {
            const int left = board.x + board.width * column / 8, top = board.y + board.height * row / 8;
            const int right = board.x + board.width * (column + 1) / 8, bottom = board.y + board.height * (row + 1) / 8;
            double least = 1e300, second = 1e300;
            char best = ' ';
            // Squares are whole pixels only on average: each is also tried a pixel aside.
            std::array<cv::Mat, 9> crops;
            for (int k = 0; k < 9; ++k) {
              const cv::Rect all(0, 0, rgb.cols, rgb.rows), at(left + k % 3 - 1, top + k / 3 - 1, right - left, bottom - top);
              cv::resize(rgb(at & all), crops[static_cast<size_t>(k)], {kSquare, kSquare}, 0, 0, cv::INTER_AREA);
            }
            for (const auto& [key, shape] : templates()) {
              if (key.second != ((row + column) % 2 == 0)) continue;
              double difference = 1e300;
              for (const cv::Mat& square : crops) difference = std::min(difference,
                  cv::norm(square, shape, cv::NORM_L1) / (3.0 * kSquare * kSquare));
              if (difference < least) second = least, least = difference, best = key.first;
              else second = std::min(second, difference);
            }
            squares[row][column] = best;
            const std::string name = {static_cast<char>('a' + column), static_cast<char>('8' - row)};
            if (least > 0.75 * second || least > 25) unsure.push_back(name);
            if (best != ' ') where[best] += " " + name;
          }
        std::string text = "board: " + fen_of(squares) + "; pieces:";
        for (char piece : kPieceLetters)
          if (where.contains(piece)) text += fmt::format(" {}{};", piece, where[piece]);
        if (!unsure.empty()) text += " not sure of: " + unsure.dump();
        return {text, {{"fen", fen_of(squares)}, {"unsure", unsure}, {"board", to_json(normalised(board, rgb))}}};
      });
}

}  // namespace atelier::sketchpad
