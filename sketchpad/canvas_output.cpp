// What a canvas becomes: pixels by cairo, or SVG written from the same paths.
#include "base/error.h"
#include "sketchpad/canvas.h"

#include <cairo.h>

namespace atelier::sketchpad {
namespace {

struct Free {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};

constexpr double kDash[] = {8, 6};  // pixels

void trace(cairo_t* context, const Path& path) {
  cairo_new_path(context);
  const Point* p = path.points.data();
  for (Path::Verb verb : path.verbs) switch (verb) {
      case Path::Verb::move: cairo_move_to(context, p->x, p->y), ++p; break;
      case Path::Verb::line: cairo_line_to(context, p->x, p->y), ++p; break;
      case Path::Verb::curve: cairo_curve_to(context, p[0].x, p[0].y, p[1].x, p[1].y, p[2].x, p[2].y), p += 3; break;
      case Path::Verb::close: cairo_close_path(context); break;
    }
}

void paint(cairo_t* context, const Shape& shape) {
  const auto source = [&](Colour c) { cairo_set_source_rgba(context, c.r / 255.0, c.g / 255.0, c.b / 255.0, shape.opacity); };
  trace(context, shape.path);
  if (shape.fill) source(*shape.fill), cairo_fill_preserve(context);
  if (!shape.stroke) return;
  source(*shape.stroke);
  cairo_set_line_width(context, shape.width);
  cairo_set_dash(context, kDash, shape.dashed ? 2 : 0, 0);
  cairo_stroke(context);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '"') out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out;
}

std::string data_of(const Path& path) {
  std::string out;
  const Point* p = path.points.data();
  const auto put = [&](char verb, int count) {
    out += verb;
    for (int i = 0; i < count; ++i, ++p) out += fmt::format("{}{:.2f} {:.2f}", i == 0 ? "" : " ", p->x, p->y);
  };
  for (Path::Verb verb : path.verbs) switch (verb) {
      case Path::Verb::move: put('M', 1); break;
      case Path::Verb::line: put('L', 1); break;
      case Path::Verb::curve: put('C', 3); break;
      case Path::Verb::close: out += 'Z'; break;
    }
  return out;
}

}  // namespace

vision::Image Canvas::render() const {
  const auto width = static_cast<int>(width_), height = static_cast<int>(height_);
  const std::unique_ptr<cairo_surface_t, Free> surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) throw base::ResourceError("no memory for a canvas");
  uint8_t* rows = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  cairo_surface_flush(surface.get());
  for (int y = 0; y < height; ++y) {
    auto* row = reinterpret_cast<uint32_t*>(rows + static_cast<ptrdiff_t>(y) * stride);
    for (int x = 0; x < width; ++x) {
      const uint8_t* p = background_ ? background_->at(x, y) : nullptr;
      row[x] = p ? static_cast<uint32_t>(p[0]) << 16 | static_cast<uint32_t>(p[1]) << 8 | p[2] : 0xFFFFFF;
    }
  }
  cairo_surface_mark_dirty(surface.get());
  const std::unique_ptr<cairo_t, Free> context(cairo_create(surface.get()));
  cairo_set_antialias(context.get(), CAIRO_ANTIALIAS_GOOD);
  cairo_set_line_cap(context.get(), CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(context.get(), CAIRO_LINE_JOIN_ROUND);
  for (const Layer& l : layers_)
    if (l.visible)
      for (const Shape& shape : l.shapes) paint(context.get(), shape);
  cairo_surface_flush(surface.get());
  vision::Image out(width_, height_);
  for (int y = 0; y < height; ++y) {
    const auto* row = reinterpret_cast<const uint32_t*>(rows + static_cast<ptrdiff_t>(y) * stride);
    for (int x = 0; x < width; ++x) {
      uint8_t* p = out.at(x, y);
      p[0] = static_cast<uint8_t>(row[x] >> 16), p[1] = static_cast<uint8_t>(row[x] >> 8), p[2] = static_cast<uint8_t>(row[x]);
    }
  }
  return out;
}

std::string Canvas::png() const { return vision::encode_png(render()); }

std::string Canvas::svg() const {
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" stroke-linecap=\"round\" "
      "stroke-linejoin=\"round\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width_, height_);
  if (background_)
    out += fmt::format("<image width=\"{}\" height=\"{}\" href=\"{}\"/>\n", width_, height_,
                       vision::png_data_uri(*background_));
  for (const Layer& l : layers_) {
    if (!l.visible) continue;
    out += fmt::format("<g data-layer=\"{}\">\n", escaped(l.name));
    for (const Shape& s : l.shapes) {
      out += fmt::format("<path d=\"{}\" fill=\"{}\"", data_of(s.path), s.fill ? hex(*s.fill) : "none");
      if (s.stroke) out += fmt::format(" stroke=\"{}\" stroke-width=\"{:g}\"", hex(*s.stroke), s.width);
      if (s.stroke && s.dashed) out += " stroke-dasharray=\"8 6\"";
      if (s.opacity < 1) out += fmt::format(" opacity=\"{:g}\"", s.opacity);
      out += "/>\n";
    }
    out += "</g>\n";
  }
  return out + "</svg>\n";
}

}  // namespace atelier::sketchpad
