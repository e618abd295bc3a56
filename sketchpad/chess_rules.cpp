#include "sketchpad/chess_rules.h"

#include <cctype>
#include <span>

namespace atelier::sketchpad {
namespace {

constexpr std::array<std::array<int, 2>, 8> kAround{{{0, 1}, {1, 0}, {0, -1}, {-1, 0}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}}};
constexpr std::array<std::array<int, 2>, 8> kKnight{{{1, 2}, {2, 1}, {-1, 2}, {-2, 1}, {1, -2}, {2, -1}, {-1, -2}, {-2, -1}}};

bool inside(int row, int column) { return row >= 0 && row < 8 && column >= 0 && column < 8; }
bool of(char piece, Side side) { return piece != ' ' && (std::isupper(static_cast<unsigned char>(piece)) != 0) == (side == Side::white); }
char kind(char piece) { return static_cast<char>(std::tolower(static_cast<unsigned char>(piece))); }

/// Squares that the piece on (row, column) attacks, in turn; `visit` returns false to stop.
template <class Visit>
void attacked(const Squares& squares, int row, int column, const Visit& visit) {
  const char piece = kind(squares[row][column]);
  const auto step = [&](int r, int c) { return !inside(row + r, column + c) || visit(row + r, column + c); };
  if (piece == 'p') {
    const int forward = of(squares[row][column], Side::white) ? -1 : 1;
    if (step(forward, -1)) step(forward, 1);
    return;
  }
  if (piece == 'n' || piece == 'k') {
    for (const auto& [r, c] : piece == 'n' ? kKnight : kAround)
      if (!step(r, c)) return;
    return;
  }
  const size_t begin = piece == 'b' ? 4 : 0, end = piece == 'r' ? 4 : 8;
  for (size_t i = begin; i < end; ++i) {
    const auto [r, c] = kAround[i];
    for (int n = 1; inside(row + n * r, column + n * c); ++n) {
      if (!visit(row + n * r, column + n * c)) return;
      if (squares[row + n * r][column + n * c] != ' ') break;
    }
  }
}

}  // namespace

bool in_check(const Squares& squares, Side side) {
  bool check = false;
  for (int row = 0; row < 8 && !check; ++row)
    for (int column = 0; column < 8 && !check; ++column)
      if (of(squares[row][column], other(side)))
        attacked(squares, row, column, [&](int r, int c) {
          check = squares[r][c] == (side == Side::white ? 'K' : 'k');
          return !check;
        });
  return check;
}

std::vector<ChessMove> legal_moves(const Squares& squares, Side side) {
  std::vector<ChessMove> moves;
  const auto take = [&](const ChessMove& move) {
    if (!in_check(after(squares, move), side)) moves.push_back(move);
  };
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column) {
      if (!of(squares[row][column], side)) continue;
      const bool pawn = kind(squares[row][column]) == 'p';
      attacked(squares, row, column, [&](int r, int c) {
        const char there = squares[r][c];
        if (pawn ? of(there, other(side)) : !of(there, side)) take({row, column, r, c});
        return true;
      });
      if (!pawn) continue;
      const int forward = side == Side::white ? -1 : 1;
      if (!inside(row + forward, column) || squares[row + forward][column] != ' ') continue;
      take({row, column, row + forward, column});
      if (row == (side == Side::white ? 6 : 1) && squares[row + 2 * forward][column] == ' ') take({row, column, row + 2 * forward, column});
    }
  return moves;
}

Squares after(const Squares& squares, const ChessMove& move) {
  Squares out = squares;
  char piece = out[move.from_row][move.from_column];
  if (piece == 'P' && move.to_row == 0) piece = 'Q';
  if (piece == 'p' && move.to_row == 7) piece = 'q';
  out[move.from_row][move.from_column] = ' ';
  out[move.to_row][move.to_column] = piece;
  return out;
}

int points(const Squares& squares, Side side) {
  int sum = 0;
  for (const auto& row : squares)
    for (const char piece : row)
      if (of(piece, side)) switch (kind(piece)) {
          case 'q': sum += 9; break;
          case 'r': sum += 5; break;
          case 'b':
          case 'n': sum += 3; break;
          case 'p': sum += 1; break;
          default: break;
        }
  return sum;
}

}  // namespace atelier::sketchpad
