// Chess positions: what is accepted is written and read again, and its moves stay on the board.
#include "sketchpad/chess_rules.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  fuzz::expect_user_errors([&] {
    const sketchpad::Squares squares = sketchpad::parse_fen(fuzz::text(data, size));
    if (sketchpad::parse_fen(sketchpad::fen_of(squares)) != squares) __builtin_trap();
    for (const auto side : {sketchpad::Side::white, sketchpad::Side::black}) {
      sketchpad::points(squares, side);
      for (const sketchpad::ChessMove& move : sketchpad::legal_moves(squares, side)) {
        for (const int place : {move.from_row, move.from_column, move.to_row, move.to_column})
          if (place < 0 || place > 7) __builtin_trap();
        if (sketchpad::in_check(sketchpad::after(squares, move), side)) __builtin_trap();
      }
    }
  });
  return 0;
}
