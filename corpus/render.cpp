#include "corpus/render.h"
#include "base/error.h"

#include <cairo.h>
#include <librsvg/rsvg.h>
#include <webp/decode.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace atelier::corpus {
namespace {

struct Free {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(uint8_t* bytes) const { WebPFree(bytes); }
};
using Handle = std::unique_ptr<RsvgHandle, Free>;
using Surface = std::unique_ptr<cairo_surface_t, Free>;
using Context = std::unique_ptr<cairo_t, Free>;

// Where a drawing of some size goes: its point (0, 0), and pixels a unit.
struct Placement {
  double x = 0, y = 0, scale = 1;
};

struct Box {
  int left = kSide, top = kSide, right = 0, bottom = 0;  // right and bottom are outside
  int64_t area = 0;
  int width() const { return right - left; }
  int height() const { return bottom - top; }
};

// Fainter pixels are the far ends of shadows and blurs.
constexpr uint8_t kInk = 10;
// Fewer than these are dust, not a picture.
constexpr int64_t kLeastInk = 24;

Box ink(cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  const uint8_t* rows = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  Box box;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      uint32_t argb;
      std::copy_n(rows + y * stride + 4 * x, 4, reinterpret_cast<uint8_t*>(&argb));
      if ((argb >> 24) <= kInk) continue;
      box.left = std::min(box.left, x), box.right = std::max(box.right, x + 1);
      box.top = std::min(box.top, y), box.bottom = std::max(box.bottom, y + 1);
      ++box.area;
    }
  return box;
}

Pixels straight_alpha(cairo_surface_t* surface) {
  const uint8_t* rows = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  Pixels out(static_cast<size_t>(kSide) * kSide * 4);
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      uint32_t argb;
      std::copy_n(rows + y * stride + 4 * x, 4, reinterpret_cast<uint8_t*>(&argb));
      const uint32_t alpha = argb >> 24;
      uint8_t* pixel = out.data() + (static_cast<size_t>(y) * kSide + x) * 4;
      for (int c = 0; c < 3; ++c) {
        const uint32_t value = argb >> (16 - 8 * c) & 255;
        pixel[c] = alpha == 0 ? 0 : static_cast<uint8_t>(std::min<uint32_t>(255, (value * 255 + alpha / 2) / alpha));
      }
      pixel[3] = static_cast<uint8_t>(alpha);
    }
  return out;
}

// The mean of each square of factor x factor pixels.
Surface reduce(cairo_surface_t* large, int factor) {
  Surface small(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, kSide, kSide));
  cairo_surface_flush(large);
  const uint8_t* from = cairo_image_surface_get_data(large);
  uint8_t* to = cairo_image_surface_get_data(small.get());
  const int from_stride = cairo_image_surface_get_stride(large), to_stride = cairo_image_surface_get_stride(small.get());
  const int area = factor * factor;
  for (int y = 0; y < kSide; ++y)
    for (int byte = 0; byte < 4 * kSide; ++byte) {
      const int x = byte / 4 * factor * 4 + byte % 4;
      int sum = 0;
      for (int dy = 0; dy < factor; ++dy)
        for (int dx = 0; dx < factor; ++dx) sum += from[(y * factor + dy) * from_stride + x + 4 * dx];
      to[y * to_stride + byte] = static_cast<uint8_t>((sum + area / 2) / area);
    }
  cairo_surface_mark_dirty(small.get());
  return small;
}

// Draws, measures, and draws again until the ink fills the square: a small figure is measured roughly at first, so
// its second placement may still be a pixel or two off.
std::optional<Pixels> fit(double width, double height, int oversampling, const std::function<bool(cairo_t*, const Placement&)>& draw) {
  if (!(width > 0) || !(height > 0) || !std::isfinite(width) || !std::isfinite(height)) return std::nullopt;
  constexpr int kInner = kSide - 2 * kMargin;
  Placement place;
  place.scale = kInner / std::max(width, height);
  place.x = (kSide - place.scale * width) / 2;
  place.y = (kSide - place.scale * height) / 2;
  for (int round = 0;; ++round) {
    Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, kSide * oversampling, kSide * oversampling));
    {
      const Context context(cairo_create(surface.get()));
      cairo_scale(context.get(), oversampling, oversampling);
      if (!draw(context.get(), place)) return std::nullopt;
    }
    if (oversampling > 1) surface = reduce(surface.get(), oversampling);
    const Box box = ink(surface.get());
    if (box.area < (round == 0 ? 1 : kLeastInk)) return std::nullopt;
    const int side = std::max(box.width(), box.height());
    const bool centred = std::abs(box.left + box.right - kSide) <= 1 && std::abs(box.top + box.bottom - kSide) <= 1;
    if ((centred && std::abs(side - kInner) <= 1) || round == 3) return straight_alpha(surface.get());
    const double zoom = static_cast<double>(kInner) / side;
    place.x = kSide / 2.0 + (place.x - (box.left + box.right) / 2.0) * zoom;
    place.y = kSide / 2.0 + (place.y - (box.top + box.bottom) / 2.0) * zoom;
    place.scale *= zoom;
  }
}

}  // namespace

std::optional<Pixels> render_svg(std::string_view svg) {
  GError* error = nullptr;
  const Handle handle(rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!handle) {
    g_clear_error(&error);
    return std::nullopt;
  }
  double width = 0, height = 0;
  RsvgRectangle box = {};
  if (!rsvg_handle_get_intrinsic_size_in_pixels(handle.get(), &width, &height)) {
    gboolean has_width, has_height, has_box;
    RsvgLength ignored;
    rsvg_handle_get_intrinsic_dimensions(handle.get(), &has_width, &ignored, &has_height, &ignored, &has_box, &box);
    width = has_box ? box.width : 512;  // no size of any kind: any canvas will do, the ink decides
    height = has_box ? box.height : 512;
  }
  // Filters work on whole pixels and leave staircases (Fluent's inner shadows); twice the size averages them away.
  const int oversampling = svg.find("<filter") != std::string_view::npos ? 2 : 1;
  return fit(width, height, oversampling, [&](cairo_t* context, const Placement& place) {
    cairo_translate(context, place.x, place.y);
    cairo_scale(context, place.scale, place.scale);
    const RsvgRectangle viewport = {0, 0, width, height};
    GError* failed = nullptr;
    const bool drawn = rsvg_handle_render_document(handle.get(), context, &viewport, &failed);
    g_clear_error(&failed);
    return drawn;
  });
}

std::optional<Pixels> render_webp(std::string_view bytes) {
  int width = 0, height = 0;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  constexpr int kLargest = 4096;
  if (!WebPGetInfo(data, bytes.size(), &width, &height) || width > kLargest || height > kLargest) return std::nullopt;
  const std::unique_ptr<uint8_t, Free> rgba(WebPDecodeRGBA(data, bytes.size(), &width, &height));
  if (!rgba) return std::nullopt;
  const Surface picture(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height));
  uint8_t* rows = cairo_image_surface_get_data(picture.get());
  const int stride = cairo_image_surface_get_stride(picture.get());
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const uint8_t* p = rgba.get() + (static_cast<size_t>(y) * width + x) * 4;
      const uint32_t a = p[3];
      const auto premultiplied = [a](uint32_t value) { return (value * a + 127) / 255; };
      const uint32_t argb = a << 24 | premultiplied(p[0]) << 16 | premultiplied(p[1]) << 8 | premultiplied(p[2]);
      std::copy_n(reinterpret_cast<const uint8_t*>(&argb), 4, rows + static_cast<size_t>(y) * stride + 4 * x);
    }
  cairo_surface_mark_dirty(picture.get());
  return fit(width, height, 1, [&](cairo_t* context, const Placement& place) {
    cairo_translate(context, place.x, place.y);
    cairo_scale(context, place.scale, place.scale);
    cairo_set_source_surface(context, picture.get(), 0, 0);
    cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_BEST);
    cairo_paint(context);
    return true;
  });
}

std::vector<uint8_t> thumbnail(const Pixels& pixels) {
  constexpr int kCells = 8, kCell = kSide / kCells;
  std::vector<uint32_t> sums(kCells * kCells * 4);
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      const uint8_t* p = pixels.data() + (static_cast<size_t>(y) * kSide + x) * 4;
      uint32_t* sum = sums.data() + ((y / kCell) * kCells + x / kCell) * 4;
      for (int c = 0; c < 3; ++c) sum[c] += static_cast<uint32_t>(p[c]) * p[3] / 255;
      sum[3] += p[3];
    }
  std::vector<uint8_t> out(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<uint8_t>(sums[i] / (kCell * kCell));
  return out;
}

}  // namespace atelier::corpus
