#include "sketchpad/chess_board.h"

#include "base/error.h"

#include <vector>

namespace atelier::sketchpad {
namespace {

using Outline = std::vector<Point>;  // in the square, (0, 0) top left

constexpr Point kFootLeft{0.22, 0.88}, kFootRight{0.78, 0.88};

// Silhouettes: pawn a ball, rook a tower, knight a head that looks left, bishop a drop, queen a crown, king a cross.
Outline silhouette(char kind) {
  switch (kind) {
    case 'p': return {{0.3, 0.86}, {0.38, 0.66}, {0.44, 0.52}, {0.37, 0.44}, {0.37, 0.32}, {0.44, 0.25}, {0.56, 0.25}, {0.63, 0.32},
        {0.63, 0.44}, {0.56, 0.52}, {0.62, 0.66}, {0.7, 0.86}};
    case 'r': return {kFootLeft, {0.24, 0.76}, {0.32, 0.7}, {0.32, 0.42}, {0.22, 0.36}, {0.22, 0.16}, {0.36, 0.16}, {0.36, 0.24},
        {0.44, 0.24}, {0.44, 0.16},
                       {0.56, 0.16}, {0.56, 0.24}, {0.64, 0.24}, {0.64, 0.16}, {0.78, 0.16}, {0.78, 0.36}, {0.68, 0.42},
                           {0.68, 0.7}, {0.76, 0.76}, kFootRight};
    case 'n': return {{0.3, 0.88}, {0.34, 0.66}, {0.48, 0.5}, {0.3, 0.56}, {0.18, 0.6}, {0.12, 0.5}, {0.26, 0.34}, {0.34, 0.22},
        {0.4, 0.1}, {0.48, 0.2},
                       {0.66, 0.26}, {0.78, 0.44}, {0.8, 0.88}};
    case 'b': return {{0.28, 0.88}, {0.3, 0.78}, {0.42, 0.74}, {0.34, 0.6}, {0.34, 0.44}, {0.44, 0.28}, {0.5, 0.12}, {0.56, 0.28},
        {0.66, 0.44}, {0.66, 0.6}, {0.58, 0.74}, {0.7, 0.78}, {0.72, 0.88}};
    case 'q': return {{0.24, 0.88}, {0.26, 0.68}, {0.1, 0.28}, {0.3, 0.5}, {0.32, 0.14}, {0.44, 0.46}, {0.5, 0.1}, {0.56, 0.46},
        {0.68, 0.14}, {0.7, 0.5}, {0.9, 0.28}, {0.74, 0.68}, {0.76, 0.88}};
    default: return {{0.24, 0.88}, {0.26, 0.7}, {0.14, 0.5}, {0.22, 0.36}, {0.44, 0.4}, {0.44, 0.24}, {0.34, 0.24}, {0.34, 0.14},
        {0.44, 0.14}, {0.44, 0.04}, {0.56, 0.04}, {0.56, 0.14},
                       {0.66, 0.14}, {0.66, 0.24}, {0.56, 0.24}, {0.56, 0.4}, {0.78, 0.36}, {0.86, 0.5}, {0.74, 0.7}, {0.76, 0.88}};
  }
}

}  // namespace

Squares parse_fen(std::string_view fen) {
  Squares out;
  for (auto& row : out) row.fill(' ');
  const std::string_view field = fen.substr(0, fen.find(' '));
  size_t row = 0, column = 0;
  for (char c : field) {
    if (c == '/') {
      REQUIRE(column == 8, "fen: rank {} has {} squares, not 8", 8 - row, column);
      ++row, column = 0;
      REQUIRE(row < 8, "fen: more than 8 ranks");
    } else if (c >= '1' && c <= '8') {
      column += static_cast<size_t>(c - '0');
      REQUIRE(column <= 8, "fen: rank {} has more than 8 squares", 8 - row);
    } else {
      REQUIRE(kPieceLetters.find(c) != kPieceLetters.npos, "fen: rank {} has '{}', which is no piece and no number 1 to 8", 8 - row,
          c > 32 && c < 127 ? c : '?');
      REQUIRE(column < 8, "fen: rank {} has more than 8 squares", 8 - row);
      out[row][column++] = c;
    }
  }
  REQUIRE(row == 7 && column == 8, "fen: it ends on rank {} after {} squares; 8 ranks of 8 are needed", 8 - row, column);
  return out;
}

std::string fen_of(const Squares& squares) {
  std::string out;
  for (size_t row = 0; row < 8; ++row) {
    if (row > 0) out += '/';
    int empty = 0;
    for (char piece : squares[row]) {
      if (piece == ' ') {
        ++empty;
        continue;
      }
      if (empty > 0) out += static_cast<char>('0' + empty);
      empty = 0;
      out += piece;
    }
    if (empty > 0) out += static_cast<char>('0' + empty);
  }
  return out;
}

void draw_piece(Canvas& canvas, char piece, const Box& square) {
  const bool white = piece >= 'A' && piece <= 'Z';
  const char kind = static_cast<char>(white ? piece + 32 : piece);
  const Pen pen{.colour = white ? kBlack : Colour{235, 235, 235}, .width = std::max(1.0,
      square.width * static_cast<double>(canvas.width()) / 40), .fill = white ? kWhite : Colour{25, 25, 30}};
  Outline outline = silhouette(kind);
  for (Point& p : outline) p = {square.x + p.x * square.width, square.y + p.y * square.height};
  canvas.polygon(outline, pen);
}

void draw_board(Canvas& canvas, const Squares& squares, const Box& board, bool named) {
  const double w = board.width / 8, h = board.height / 8;
  for (size_t row = 0; row < 8; ++row)
    for (size_t column = 0; column < 8; ++column) {
      const Box square{board.x + static_cast<double>(column) * w, board.y + static_cast<double>(row) * h, w, h};
      const Colour paint = (row + column) % 2 == 0 ? kLightSquare : kDarkSquare;
      canvas.box(square, {.colour = paint, .width = 0, .fill = paint});
      if (squares[row][column] != ' ') draw_piece(canvas, squares[row][column], square);
    }
  if (!named) return;
  for (int k = 0; k < 8; ++k) {
    canvas.text({board.x + (k + 0.5) * w, board.y + board.height + 0.025}, std::string(1, static_cast<char>('a' + k)), {}, 0.022);
    canvas.text({board.x - 0.025, board.y + (k + 0.5) * h}, std::string(1, static_cast<char>('8' - k)), {}, 0.022);
  }
}

}  // namespace atelier::sketchpad
