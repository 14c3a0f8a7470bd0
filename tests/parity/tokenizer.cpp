// The CLIP tokenizer: strings.json, padded with the end token (model/) and with "!" (the two config files of
// model_sd2/).
#include <cstdlib>

#include <opad/text/clip_tokenizer.hpp>

#include "parity.hpp"

namespace {

namespace fs = std::filesystem;
using opad::ClipTokenizer;

/// model/ with the config files of model_sd2/ on top, in a folder that vanishes afterwards.
class OverlaidFolder {
 public:
  OverlaidFolder(const fs::path& below, const fs::path& above) {
    std::string name = (fs::temp_directory_path() / "opad-parity-XXXXXX").string();
    opad::require(::mkdtemp(name.data()) != nullptr, name, ": cannot be made");
    path_ = name;
    for (const fs::path& folder : {below, above})
      fs::copy(folder, path_, fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  }
  ~OverlaidFolder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

ClipTokenizer load(const fs::path& folder, const opad::Json& added, parity::Report& report) {
  auto tokenizer = ClipTokenizer::from_pretrained(folder);
  for (const auto& [token, id] : added.items()) {
    const auto got = tokenizer.add_token(token);
    report.check("id of " + token, got == id.get<std::int64_t>(), c10::str(got));
  }
  return tokenizer;
}

void compare(const std::string& name, const ClipTokenizer& tokenizer, const opad::Json& rows, const std::string& key,
             parity::Report& report) {
  std::size_t wrong = 0;
  std::string first;
  for (const auto& row : rows) {
    const auto text = row.at("text").get<std::string>();
    const auto want = row.at(row.contains(key) ? key : "ids").get<std::vector<std::int64_t>>();
    if (const auto got = tokenizer.encode(text); got != want && wrong++ == 0)
      first = c10::str(", first ", row.at("text").dump(), ": ", got);
  }
  report.check(name, wrong == 0, c10::str(wrong, " of ", rows.size(), " strings differ", first));
}

void run(const parity::Case& c, parity::Report& report) {
  const opad::Json rows = opad::read_json(c.folder / "strings.json");
  const opad::Json added = c.json.at("scalars").value("added", opad::Json::object());
  std::vector<std::string> texts;
  for (const auto& row : rows) texts.push_back(row.at("text").get<std::string>());

  const auto sd1 = load(c.folder / "model", added, report);
  compare("ids, sd1", sd1, rows, "ids", report);
  report.tensor("out.ids_sd1", sd1(texts));

  const OverlaidFolder both(c.folder / "model", c.folder / "model_sd2");
  const auto sd2 = load(both.path(), added, report);
  compare("ids, sd2", sd2, rows, "ids_sd2", report);
  report.tensor("out.ids_sd2", sd2(texts));
}

const parity::Family family{"tokenizer", run};

}  // namespace
