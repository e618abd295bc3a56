#pragma once
/// A chess board on paper: positions in FEN and pieces drawn as simple shapes whose silhouettes differ.
#include "sketchpad/canvas.h"

#include <array>
#include <string>
#include <string_view>

namespace atelier::sketchpad {

/// Piece letters as in FEN (KQRBNP white, kqrbnp black), ' ' for none; row 0 is the eighth rank, column 0 the a-file.
using Squares = std::array<std::array<char, 8>, 8>;

inline constexpr std::string_view kPieceLetters = "KQRBNPkqrbnp";
inline constexpr Colour kLightSquare{240, 217, 181}, kDarkSquare{181, 136, 99};

/// The first field of a FEN, what follows is not looked at. @throws InvalidArgument saying which rank is wrong
Squares parse_fen(std::string_view fen);
/// The first field of a FEN.
std::string fen_of(const Squares& squares);

/// @param square  where the square lies, normalised
void draw_piece(Canvas& canvas, char piece, const Box& square);
/// @param board  the 8 x 8 squares, normalised; file letters and rank numbers stand outside of it if `named`
void draw_board(Canvas& canvas, const Squares& squares, const Box& board, bool named);

}  // namespace atelier::sketchpad
