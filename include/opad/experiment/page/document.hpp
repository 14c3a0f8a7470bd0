#pragma once
#include <webp/encode.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <opad/core/once.hpp>
#include <opad/experiment/options/versions.hpp>
#include <opad/experiment/page/html.hpp>
#include <opad/experiment/page/script.hpp>
#include <opad/experiment/page/style.hpp>
#include <opad/io/image.hpp>
#include <opad/io/resize.hpp>

namespace opad::page {

/// Pictures are shown as they are up to this side.
inline constexpr std::int64_t exact_side = 128;
/// The shorter side of those that are shrunk.
inline constexpr std::int64_t shrunk_side = 224;

/// An <img> with the picture in it: small ones exact, as PNG, larger ones shrunk to a shorter side of `largest` pixels
/// and as WebP.
///   picture  uint8 [H, W, 3]
///   label    what the enlarged picture says below it
OPAD_ONCE std::string image(const Tensor& picture, const std::string& alt, std::int64_t largest = shrunk_side,
                            const std::string& label = "") {
  const bool small = std::max(picture.size(0), picture.size(1)) <= exact_side;
  std::string data;
  if (small) {
    data = "image/png;base64," + base64(encode_png(picture));
  } else {
    const std::int64_t shorter = std::min(picture.size(0), picture.size(1));
    const Tensor shown =
        (shorter > largest ? resize_shortest_edge(picture, largest, Filter::Bicubic) : picture).contiguous();
    std::uint8_t* bytes = nullptr;
    const std::size_t size =
        WebPEncodeRGB(shown.data_ptr<std::uint8_t>(), static_cast<int>(shown.size(1)), static_cast<int>(shown.size(0)),
                      static_cast<int>(shown.size(1) * 3), 85, &bytes);
    require(size > 0, "report: a picture of ", shown.sizes(), " cannot be written as WebP");
    data = "image/webp;base64," + base64({reinterpret_cast<const char*>(bytes), size});
    WebPFree(bytes);
  }
  return c10::str("<img", small ? " class=\"exact\"" : "", " alt=\"", escape(alt), "\"", attribute("data-label", label),
                  " decoding=\"async\" src=\"data:", data, "\">");
}

/// A picture, or a pair, that opens large with what is known of it.
struct Picture {
  std::string images;                                      // <img> elements
  std::vector<std::pair<std::string, std::string>> facts;  // name and value: the prompt, scores, ...
  std::string caption = {}, classes = {}, row = {};        // caption: HTML; row: by which the page's boxes hide it
  std::string file = {}, page = {};                        // addresses of the whole picture, and of its run's page
};

/// The picture as HTML.
OPAD_ONCE std::string html(const Picture& picture) {
  Json facts = Json::array();
  for (const auto& [name, value] : picture.facts) facts.push_back({name, value});
  return c10::str("<figure", attribute("data-row", picture.row), "><button type=\"button\" class=\"open",
                  picture.classes.empty() ? "" : " ", picture.classes, "\" aria-haspopup=\"dialog\"",
                  attribute("data-file", picture.file), attribute("data-page", picture.page), " data-facts=\"",
                  escape(facts.dump(-1, ' ', false, Json::error_handler_t::replace)), "\">", picture.images,
                  "</button>", picture.caption.empty() ? "" : "<figcaption>" + picture.caption + "</figcaption>",
                  "</figure>\n");
}

/// Photographs of a concept, each opening large.
///   captions  one for each photograph, or none at all
OPAD_ONCE std::string photographs(const std::vector<Tensor>& pictures, const std::string& subject,
                                  const std::vector<std::string>& captions = {}) {
  std::string out = "<div class=\"photos\">\n";
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    Picture shown{.images = image(pictures[i], c10::str("photograph ", i + 1, " of ", subject)),
                  .facts = {{"photograph", c10::str(i + 1, " of ", pictures.size())}, {"concept", subject}},
                  .caption = {}};
    if (i < captions.size() && !captions[i].empty()) shown.facts.emplace_back("caption", captions[i]);
    out += html(shown);
  }
  return out + "</div>\n";
}

/// A table that becomes a list of cards on a narrow screen. Cells are HTML. Roles stand there because a table that is
/// laid out as something else is none for a screen reader.
struct Table {
  /// A column: its heading, and how its cells are set.
  struct Column {
    std::string title;
    enum Kind { Number, Text } kind = Number;
    std::string key = {};  // by which the page's boxes hide it
  };
  /// A row: its heading, and a cell for each column.
  struct Row {
    std::string head;
    std::vector<std::string> cells;
    std::string key = {}, classes = {};
  };
  std::string name, first;  // what it shows, for screen readers; the heading of the first column
  std::vector<Column> columns;
  std::vector<Row> rows;
};

/// The table as HTML.
OPAD_ONCE std::string html(const Table& table) {
  std::string out = c10::str("<table class=\"cards\" role=\"table\" aria-label=\"", escape(table.name),
                             "\"><thead role=\"rowgroup\"><tr role=\"row\"><th scope=\"col\" role=\"columnheader\">",
                             escape(table.first), "</th>");
  const auto kind = [](const Table::Column& column) {
    return c10::str(column.kind == Table::Column::Number ? " class=\"n\"" : " class=\"text\"",
                    attribute("data-column", column.key));
  };
  for (const auto& column : table.columns)
    out += c10::str("<th scope=\"col\" role=\"columnheader\"", kind(column), ">", escape(column.title), "</th>");
  out += "</tr></thead><tbody role=\"rowgroup\">\n";
  for (const auto& row : table.rows) {
    out += c10::str("<tr role=\"row\"", attribute("class", row.classes), attribute("data-row", row.key),
                    "><th scope=\"row\" role=\"rowheader\">", row.head, "</th>");
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      out += c10::str("<td role=\"cell\"", kind(table.columns[i]), attribute("data-label", table.columns[i].title), ">",
                      row.cells[i], "</td>");
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

/// "<nav>" to the page's sections: their ids, and what they are called.
OPAD_ONCE std::string navigation(const std::vector<std::pair<std::string, std::string>>& sections) {
  std::string out = "<nav aria-label=\"sections\">";
  for (const auto& [id, name] : sections) out += c10::str("<a href=\"#", id, "\">", escape(name), "</a>");
  return out + "</nav>\n";
}

/// "Report made with opad 0.1.0, ..."
OPAD_ONCE std::string origin() {
  const Json with = versions();
  return c10::str("Report made with opad ", version, ", LibTorch ", with.at("libtorch").get<std::string>(), ", ",
                  escape(with.at("compiler").get<std::string>()), ".");
}

/// The whole page: one file that needs nothing else.
OPAD_ONCE std::string document(const std::string& title, const std::string& body) {
  return c10::str(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>",
      escape(title), "</title><style>", style(), "</style></head><body><main>\n", body,
      "</main><dialog aria-label=\"enlarged picture\"><div class=\"bar\"><span class=\"count small soft\" "
      "aria-live=\"polite\"></span><a class=\"page small\" hidden>page of this run</a><button type=\"button\" "
      "class=\"previous\" aria-keyshortcuts=\"ArrowLeft\">← Previous</button><button type=\"button\" class=\"next\" "
      "aria-keyshortcuts=\"ArrowRight\">Next →</button><button type=\"button\" class=\"close\" "
      "aria-keyshortcuts=\"Escape\">Close</button></div><div class=\"whole\"><div class=\"stage\"></div><dl "
      "aria-live=\"polite\"></dl></div></dialog><script>",
      script, "</script></body></html>\n");
}

}  // namespace opad::page
