#pragma once
#include <opad/io/resize.hpp>

namespace opad {

OPAD_ONCE Tensor resize(const Tensor& image, std::int64_t width, std::int64_t height, Filter filter, const Box& box) {
  detail::require_picture("resize", image);
  const std::int64_t in_width = image.size(1), in_height = image.size(0);
  require(width > 0 && height > 0, "resize: to ", width, " x ", height, "; give at least 1 x 1");
  require(0 <= box.left && box.left < box.right && box.right <= static_cast<float>(in_width) && 0 <= box.top &&
              box.top < box.bottom && box.bottom <= static_cast<float>(in_height),
          "resize: the box from (", box.left, ", ", box.top, ") to (", box.right, ", ", box.bottom,
          ") is not inside the ", in_width, " x ", in_height, " pixels");
  if (filter == Filter::Nearest)
    return image.index_select(0, detail::nearest_positions(box.top, box.bottom, height, in_height))
        .index_select(1, detail::nearest_positions(box.left, box.right, width, in_width));
  Tensor out = image.contiguous();
  const auto rows = [&] {
    if (width != in_width || box.left != 0 || box.right != static_cast<float>(in_width))
      out = detail::resize_rows(out, detail::taps(in_width, box.left, box.right, width, filter));
  };
  const auto columns = [&] {
    if (height != in_height || box.top != 0 || box.bottom != static_cast<float>(in_height))
      out = detail::resize_columns(out, detail::taps(in_height, box.top, box.bottom, height, filter));
  };
  if (in_height - height > std::max<std::int64_t>(0, 2 * (in_width - width))) columns(), rows();
  else rows(), columns();
  return out.is_same(image) ? image.clone() : out;
}

OPAD_ONCE Tensor resize(const Tensor& image, std::int64_t width, std::int64_t height, Filter filter) {
  detail::require_picture("resize", image);
  return resize(image, width, height, filter,
                {0, 0, static_cast<float>(image.size(1)), static_cast<float>(image.size(0))});
}

OPAD_ONCE Tensor crop(const Tensor& image, std::int64_t left, std::int64_t top, std::int64_t width,
                      std::int64_t height) {
  require(0 <= left && 0 <= top && width > 0 && height > 0 && left <= image.size(1) - width &&
              top <= image.size(0) - height,
          "crop: ", width, " x ", height, " at (", left, ", ", top, ") is not inside the ", image.size(1), " x ",
          image.size(0), " pixels");
  return image.slice(0, top, top + height).slice(1, left, left + width).contiguous();
}

OPAD_ONCE Tensor resize_shortest_edge(const Tensor& image, std::int64_t size, Filter filter) {
  detail::require_picture("resize_shortest_edge", image);
  const std::int64_t width = image.size(1), height = image.size(0), shorter = std::min(width, height);
  return resize(image, size * width / shorter, size * height / shorter, filter);
}

OPAD_ONCE Tensor centre_crop(const Tensor& image, std::int64_t size) {
  const auto start = [&](std::int64_t side) {
    return std::llrint(static_cast<double>(side - size) / 2);
  };  // halves to even
  return crop(image, start(image.size(1)), start(image.size(0)), size, size);
}

}  // namespace opad
