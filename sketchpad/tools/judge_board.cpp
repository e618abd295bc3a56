// How a drawn chess position stands: check, mate and material, of the pieces that are seen.
#include "sketchpad/tools/declarations.h"

#include "base/error.h"
#include "sketchpad/chess_rules.h"

namespace atelier::sketchpad {

Tool judge_board_tool() {
  return tool("judge_board")
      .says("Reads a drawn chess board and judges the position: check, checkmate or stalemate of the side to move, and the material in points (queen 9, rook 5, bishop and knight 3, pawn 1).")
      .arg("turn", choice({"white", "black"}), "whose move it is, which the board does not show")
      .opt("picture", picture(), "")
      .limits({.pixels = 5 << 20})
      .runs([](const Args& args, Sheet& sheet) -> Observation {
        const Observation board = read_board_tool().run({{"picture", args.text("picture")}}, sheet);
        const Squares squares = parse_fen(board.data.at("fen").get<std::string>());
        const std::string turn = args.text("turn");
        const Side side = turn == "white" ? Side::white : Side::black;
        const bool check = in_check(squares, side), stuck = legal_moves(squares, side).empty();
        const std::string state = stuck ? (check ? "checkmate" : "stalemate") : check ? "check" : "no check";
        const int white = points(squares, Side::white), black = points(squares, Side::black);
        const std::string ahead = white == black ? "level" : fmt::format("{} is {} ahead", white > black ? "white" : "black", std::abs(white - black));
        json data = {{"state", state}, {"white", white}, {"black", black}, {"fen", board.data["fen"]}, {"unsure", board.data["unsure"]}};
        return {fmt::format("{} to move: {}; white {} points, black {}: {}", turn, state, white, black, ahead), std::move(data)};
      });
}

}  // namespace atelier::sketchpad
