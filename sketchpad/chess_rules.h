#pragma once
/// Moves and checks on a board of pieces: enough to see mate and stalemate and to play a game for training.
///
/// Castling and en passant are left out: a board alone does not show whether they are allowed, and no castling ends a
/// check.
#include "sketchpad/chess_board.h"

#include <vector>

namespace atelier::sketchpad {

enum class Side { white, black };
inline Side other(Side side) { return side == Side::white ? Side::black : Side::white; }

struct ChessMove {
  int from_row = 0, from_column = 0, to_row = 0, to_column = 0;
};

/// True if a piece of the other side could take this side's king; false without a king.
bool in_check(const Squares& squares, Side side);
/// All moves after which the side's own king is not in check. A pawn on the last rank becomes a queen (see `after`).
std::vector<ChessMove> legal_moves(const Squares& squares, Side side);
Squares after(const Squares& squares, const ChessMove& move);
/// Queens 9, rooks 5, bishops and knights 3, pawns 1.
int points(const Squares& squares, Side side);

}  // namespace atelier::sketchpad
