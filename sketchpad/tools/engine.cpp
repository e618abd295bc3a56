#include "sketchpad/program.h"
#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/chess_board.h"

#include <sstream>

namespace atelier::sketchpad {
namespace {

// Engines do not check positions: some crash without kings or with pawns on the last rank.
std::string checked_position(const std::string& fen) {
  const Squares squares = parse_fen(fen);
  int white = 0, black = 0;
  for (size_t row = 0; row < 8; ++row)
    for (char piece : squares[row]) {
      white += piece == 'K', black += piece == 'k';
      REQUIRE((row != 0 && row != 7) || (piece != 'P' && piece != 'p'), "engine: a pawn cannot stand on rank {}", 8 - row);
    }
  REQUIRE(white == 1 && black == 1, "engine: each side needs exactly one king; the position has {} white and {} black", white, black);
  std::istringstream fields(fen);
  std::string board, turn, castling, passing;
  fields >> board >> turn >> castling >> passing;
  if (turn.empty()) turn += 'w';
  if (castling.empty()) castling += '-';
  if (passing.empty()) passing += '-';
  REQUIRE(turn == "w" || turn == "b", "engine: the fen's second field, whose turn it is, must be w or b, not {}", base::shown(turn));
  REQUIRE(castling.find_first_not_of("KQkq-") == std::string::npos && castling.size() <= 4,
      "engine: the fen's third field must be castling rights such as KQkq or -, not {}", base::shown(castling));
  REQUIRE((passing.size() == 1 && passing[0] == '-') || (passing.size() == 2 && passing[0] >= 'a' && passing[0] <= 'h' &&
      (passing[1] == '3' || passing[1] == '6')),
          "engine: the fen's fourth field must be a square such as e3 or -, not {}", base::shown(passing));
  return fmt::format("{} {} {} {} 0 1", board, turn, castling, passing);
}

}  // namespace

Tool engine_tool() {
  return tool("engine")
      .says("Asks a chess engine about a position: the best move and how it stands for the side to move (hundredths of a pawn, or mate in n).")
      .arg("fen", text(120), "with whose turn it is")
      .opt("milliseconds", integer(10, 5000), 300, "to think")
      .limits({.time = std::chrono::milliseconds(12'000)})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const std::string fen = checked_position(args.text("fen"));
        const auto path = find_program(sheet.resources().engine);
        REQUIRE(path, "engine: no chess engine {} is installed (Debian: stockfish)", sheet.resources().engine);
        const auto deadline = Program::Clock::now() + args.time_left();
        Program program(*path, {});
        program.write(fmt::format("uci\nisready\nposition fen {}\ngo movetime {}\n", fen, args.integer("milliseconds")), deadline);
        std::string score = "unknown", move;
        while (const auto line = program.read_line(deadline)) {
          std::istringstream words(*line);
          std::string word, kind, value;
          words >> word;
          if (word == "info")
            while (words >> word)
              if (word == "score" && words >> kind >> value) score = fmt::format("{} {}", kind, value);
          if (word == "bestmove" && words >> move) break;
        }
        REQUIRE(!move.empty(), "engine: {} ended without a move", path->filename().string());
        program.write("quit\n", deadline);
        json data = {{"move", nullptr}, {"score", score}};
        if (move == "(none)" || move == "0000") return {fmt::format("there is no legal move; score for the side to move: {}", score), data};
        data["move"] = move;
        return {fmt::format("best move {}; score for the side to move: {}", move, score), data};
      });
}

}  // namespace atelier::sketchpad
