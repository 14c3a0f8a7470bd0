// Pictures: files, Pillow's resizing, torch's interpolation (tests/oracle/families/image_ops.py).
#include "parity.hpp"

#include <opad/io/image.hpp>
#include <opad/io/resize.hpp>
#include <opad/space/resize.hpp>

using namespace opad;

namespace {

void run_resize(const parity::Case& c, parity::Report& report) {
  const std::map<std::string, Filter> filters{{"nearest", Filter::Nearest},
                                              {"bilinear", Filter::Bilinear},
                                              {"bicubic", Filter::Bicubic},
                                              {"lanczos", Filter::Lanczos}};
  for (const auto& [name, picture] : c.io) {
    if (!name.starts_with("in.")) continue;
    const std::string out = "out." + name.substr(3) + ".";
    for (const Json& op : c.json.at("recipe").at("ops")) {
      const std::string kind = op.at("op"), filter = op.value("filter", "");
      if (kind == "resize") {
        const std::int64_t w = op.at("size")[0], h = op.at("size")[1];
        report.tensor(c10::str(out, filter, ".", w, "x", h), resize(picture, w, h, filters.at(filter)));
      } else if (kind == "resize_box") {
        const std::int64_t w = op.at("size")[0], h = op.at("size")[1];
        const Json& box = op.at("box");
        report.tensor(c10::str(out, "box.", filter, ".", w, "x", h),
                      resize(picture, w, h, filters.at(filter), {box[0], box[1], box[2], box[3]}));
      } else if (kind == "shortest_edge_centre_crop") {
        const std::int64_t size = op.at("size");
        report.tensor(c10::str(out, filter, ".short", size),
                      centre_crop(resize_shortest_edge(picture, size, filters.at(filter)), size));
      } else if (kind == "flip") {
        report.tensor(out + "flip", flip(picture));
      } else if (kind == "crop") {
        const auto box = op.at("box").get<Shape>();
        report.tensor(c10::str(out, "crop.", box[0], "_", box[1], "_", box[2], "x", box[3]),
                      crop(picture, box[0], box[1], box[2], box[3]));
      } else {
        fail("image_resize: no operation '", kind, "'");
      }
    }
  }
}

void run_torch(const parity::Case& c, parity::Report& report) {
  for (const Json& op : c.json.at("recipe").at("ops")) {
    const std::string input = op.at("input"), mode = op.at("mode");
    const std::int64_t h = op.at("size")[0], w = op.at("size")[1];
    const bool antialias = op.value("antialias", false);
    const Tensor x = c.at("in." + input).clone().requires_grad_();
    const Tensor y = mode == "area"      ? Area{}(x, h, w)
                     : mode == "nearest" ? at::upsample_nearest2d(x, {h, w})
                     : antialias         ? at::_upsample_bilinear2d_aa(x, {h, w}, false)
                                         : Bilinear{}(x, h, w);
    (y * torch::linspace(-1, 1, y.numel(), torch::kFloat64).reshape(y.sizes()).to(y.scalar_type()).cos())
        .sum()
        .backward();
    const std::string key = c10::str(input, ".", mode, antialias ? "_antialias" : "", ".", h, "x", w);
    report.tensor("out." + key, y.detach());
    report.tensor("grad." + key, x.grad());
  }
}

void run_files(const parity::Case& c, parity::Report& report) {
  const Json& scalars = c.json.at("scalars");
  for (const auto& [file, about] : scalars.at("files").items()) {
    const std::string out = "out." + file, alternative = "alt." + file;  // 16-bit grey: ours is the high byte
    try {
      const Tensor image = read_image(c.folder / "files" / file);
      if (c.has(alternative)) report.handled(out);
      report.tensor(c.has(alternative) ? alternative : out, image);
    } catch (const Error& error) {
      report.handled(out);
      report.check(out, about.at("format") == "BMP", c10::str("refused: ", error.what()));
    }
  }
  for (const auto& [file, message] : scalars.at("must_be_rejected").items()) {
    try {
      read_image(c.folder / "files" / file);
      report.check(file, false, c10::str("read, but Pillow says ", message));
    } catch (const Error& error) { report.check(file, true, c10::str("refused: ", error.what())); }
  }
}

void run(const parity::Case& c, parity::Report& report) {
  const std::string kind = c.json.at("recipe").at("kind");
  (kind == "resize" ? run_resize : kind == "torch" ? run_torch : run_files)(c, report);
}

const parity::Family family{"image_ops", run};

}  // namespace
