// Last positions of games that two careless players played, with who won.
#include "sketchpad/chess_rules.h"
#include "sketchpad/problems/random_problems.h"

namespace atelier::sketchpad {
namespace {

// Takes the best capture or check now and then, else any move.
ChessMove choose(const Squares& squares, Side side, const std::vector<ChessMove>& moves, double care, base::Random& random) {
  if (!random.chance(care)) return moves[static_cast<size_t>(random.below(static_cast<int64_t>(moves.size())))];
  const ChessMove* best = nullptr;
  double most = -1e9;
  for (const ChessMove& move : moves) {
    const Squares next = after(squares, move);
    double value = points(next, side) - points(next, other(side)) + random.uniform();
    if (in_check(next, other(side))) value += legal_moves(next, other(side)).empty() ? 1000 : 0.5;
    if (value > most) most = value, best = &move;
  }
  return *best;
}

}  // namespace

RandomProblem random_chess(base::Random& random) {
  for (;;) {
    Squares squares = parse_fen("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR");
    Side side = Side::white;
    const double care[2] = {0.2 + 0.8 * random.uniform(), 0.2 + 0.8 * random.uniform()};
    std::string result;
    const int64_t most = random.between(20, 110);
    for (int64_t ply = 0; ply < 140 && result.empty(); ++ply) {
      const auto moves = legal_moves(squares, side);
      const std::string opponent = side == Side::white ? "Black" : "White";
      const int behind = points(squares, other(side)) - points(squares, side);
      if (moves.empty()) {
        result = in_check(squares, side) ? opponent : "Draw";
      } else if (ply >= most || (ply > 16 && behind >= 5 && random.chance(0.15))) {
        // Whoever is to move gives up, unless well ahead: then it is the other's time that has run out.
        result = behind <= -3 ? (side == Side::white ? "White" : "Black") : opponent;
      } else {
        squares = after(squares, choose(squares, side, moves, care[side == Side::white ? 0 : 1], random));
        side = other(side);
      }
    }
    if (result.empty()) continue;
    return {Problem{.fields = {{"fen", fen_of(squares)}, {"turn", side == Side::white ? "white" : "black"}}, .choices = {"White", "Black", "Draw"}, .answer = result}};
  }
}

}  // namespace atelier::sketchpad
