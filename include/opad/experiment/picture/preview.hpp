#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/core/tensor.hpp>
#include <opad/experiment/options/wrap.hpp>
#include <opad/experiment/picture/canvas.hpp>
#include <opad/pipeline/bytes.hpp>

namespace opad {

/// Pictures side by side: a label at their left ("before"), a caption below each (its prompt). Either may be missing.
struct PreviewRow {
  Tensor images;  // [n, 3, H, W] in [-1, 1]
  std::string label;
  std::vector<std::string> captions;
};

namespace previews_detail {

/// At most `most` lines; what does not fit ends in dots.
inline std::vector<std::string> lines(const std::string& text, std::int64_t width, int scale, std::size_t most) {
  const auto letters = static_cast<std::size_t>(std::max<std::int64_t>(4, width / (font::advance * scale)));
  auto found = wrap(font::ascii(text), letters);
  if (found.size() <= most) return found;
  found.resize(most);
  found.back() = found.back().substr(0, letters - 3) + "...";
  return found;
}

}  // namespace previews_detail

/// One picture of all rows: bytes [H, W, 3] on white, small pictures magnified by a whole factor so that they can be
/// looked at, captions broken into at most three lines. All images have one size.
OPAD_ONCE Tensor preview(const std::vector<PreviewRow>& rows, const std::string& title = "") {
  using previews_detail::lines;
  constexpr std::int64_t gap = 12, margin = 20, least = 160;
  require(!rows.empty(), "preview: there are no pictures to show");
  const auto& first = rows.front().images;
  for (const auto& row : rows)
    require(row.images.dim() == 4 && row.images.size(0) > 0 && row.images.size(1) == 3 &&
                row.images.sizes().slice(1) == first.sizes().slice(1),
            "preview: images of shape ", row.images.sizes(), "; give [n, 3, H, W] of one size");
  const auto height = first.size(2), width = first.size(3),
             zoom = std::max<std::int64_t>(1, (least + width - 1) / width);
  const auto tile_width = zoom * width, tile_height = zoom * height;
  const int scale = tile_width < least ? 1 : 2;
  const std::int64_t line = font::line_height * scale;

  const auto height_of = [&](const PreviewRow& row) {
    std::size_t most = 0;
    for (const auto& caption : row.captions)
      if (!caption.empty()) most = std::max(most, lines(caption, tile_width, scale, 3).size());
    return tile_height + gap + (most > 0 ? static_cast<std::int64_t>(most) * line + gap / 2 : 0);
  };
  std::int64_t label_width = 0, columns = 0, bottom = margin + (title.empty() ? 0 : line + gap);
  std::vector<std::int64_t> tops;
  for (const auto& row : rows) {
    columns = std::max(columns, row.images.size(0));
    label_width = std::max(label_width, std::min(tile_width, Canvas::text_width(row.label, scale)));
    tops.push_back(bottom);
    bottom += height_of(row);
  }
  const auto left = margin + (label_width > 0 ? label_width + gap : 0);
  Canvas canvas(left + columns * (tile_width + gap) - gap + margin, bottom - gap + margin);

  canvas.text(margin, margin, title, colours::ink, scale);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto label = lines(rows[r].label, label_width + scale, scale, 8);
    auto y = tops[r] + (tile_height - static_cast<std::int64_t>(label.size()) * line) / 2;
    for (const auto& text : label) canvas.text(margin, y, text, colours::ink, scale), y += line;
    for (std::int64_t i = 0; i < rows[r].images.size(0); ++i) {
      const auto x = left + i * (tile_width + gap);
      canvas.place(x, tops[r], to_bytes(rows[r].images[i]), zoom);
      if (static_cast<std::size_t>(i) >= rows[r].captions.size()) continue;
      y = tops[r] + tile_height + gap / 2;
      for (const auto& text : lines(rows[r].captions[static_cast<std::size_t>(i)], tile_width, scale, 3))
        canvas.text(x, y, text, colours::soft, scale), y += line;
    }
  }
  return canvas.image();
}

/// Pictures in rows of `columns`, each with its caption if there are any.  [n, 3, H, W] in [-1, 1] -> bytes [H, W, 3]
OPAD_ONCE Tensor preview_grid(const Tensor& images, std::int64_t columns, const std::vector<std::string>& captions = {},
                              const std::string& title = "") {
  require(columns >= 1, "preview: ", columns, " columns; give at least 1");
  std::vector<PreviewRow> rows;
  for (std::int64_t begin = 0; begin < images.size(0); begin += columns) {
    const auto end = std::min(images.size(0), begin + columns);
    auto& row = rows.emplace_back(PreviewRow{images.slice(0, begin, end), "", {}});
    for (auto i = static_cast<std::size_t>(begin); i < std::min(captions.size(), static_cast<std::size_t>(end)); ++i)
      row.captions.push_back(captions[i]);
  }
  return preview(rows, title);
}

}  // namespace opad
