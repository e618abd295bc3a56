#include "sketchpad/tools/declarations.h"

#include "sketchpad/chess_board.h"

namespace atelier::sketchpad {

Tool draw_board_tool() {
  return tool("draw_board")
      .says("Draws a chess position, the eighth rank on top.")
      .arg("fen", text(120), "the position; only its first field is drawn")
      .opt("coordinates", flag(), true, "file letters and rank numbers around the board")
      .opt("canvas", canvas(), "canvas", "what to draw on")
      .runs([](const Args& args, Sheet& sheet) {
        const Squares squares = parse_fen(args.text("fen"));
        Canvas& canvas = args.canvas("canvas", sheet);
        canvas.layer("drawing");
        const bool named = args.flag("coordinates");
        const Box board = named ? Box{0.06, 0.02, 0.92, 0.92} : Box{0.01, 0.01, 0.98, 0.98};
        draw_board(canvas, squares, board, named);
        return show_canvas(sheet, args.text("canvas"), "drawn: the position", {{"board", to_json(board)}});
      });
}

}  // namespace atelier::sketchpad
