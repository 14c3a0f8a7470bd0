#pragma once
#include <opad/text/clip_tokenizer_files.hpp>

namespace opad {

OPAD_ONCE ClipTokenizerFiles ClipTokenizerFiles::read(const std::filesystem::path& folder) {
  ClipTokenizerFiles files;
  files.where = folder.string();
  if (is_there(folder / "vocab.json")) {
    files.read_vocabulary(parse(folder / "vocab.json"), (folder / "vocab.json").string());
    files.read_merges(folder / "merges.txt");
  } else {
    require(is_there(folder / "tokenizer.json"), folder.string(),
            ": no tokenizer here: found neither vocab.json (with merges.txt) nor tokenizer.json; give the folder "
            "'tokenizer' "
            "of a diffusers model");
    files.read_fast(parse(folder / "tokenizer.json"), (folder / "tokenizer.json").string());
  }
  if (is_there(folder / "added_tokens.json")) files.read_added(folder / "added_tokens.json");
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"})
    if (is_there(folder / name)) files.read_config(parse(folder / name), (folder / name).string());
  return files;
}

OPAD_ONCE ClipTokenizerFiles::Map ClipTokenizerFiles::parse(const std::filesystem::path& path) {
  Map json = read_json<Map>(path);
  require(json.is_object(), path.string(), ": holds no JSON object");
  return json;
}

OPAD_ONCE std::int64_t ClipTokenizerFiles::id_of(const Map& value, const std::string& token, const std::string& file) {
  if (!value.is_number_integer() || value < 0 ||
      value >= 1 << 30)  // no require: its message would be made for every token
    fail(file, ": the token '", token, "' has the id ", value.dump(), "; ids are whole numbers from 0 on");
  return value.get<std::int64_t>();
}

OPAD_ONCE void ClipTokenizerFiles::read_vocabulary(const Map& json, const std::string& file) {
  require(json.is_object() && !json.empty(), file, ": holds no vocabulary");
  vocabulary.reserve(json.size());
  for (const auto& [token, id] : json.items()) vocabulary[token] = id_of(id, token, file);
}

OPAD_ONCE void ClipTokenizerFiles::read_merges(const std::filesystem::path& path) {
  std::istringstream lines(read_file(path));
  std::string line;
  for (std::int64_t number = 1; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with("#version")) continue;
    add_merge(line, c10::str(path.string(), ": line ", number));
  }
}

OPAD_ONCE void ClipTokenizerFiles::add_merge(const std::string& line, const std::string& place) {
  const auto space = line.find(' ');
  require(space != std::string::npos && space > 0 && space + 1 < line.size() &&
              line.find(' ', space + 1) == std::string::npos,
          place, " is '", line, "'; a merge is two symbols with one space between");
  merges.emplace_back(line.substr(0, space), line.substr(space + 1));
}

OPAD_ONCE void ClipTokenizerFiles::read_fast(const Map& json, const std::string& file) {
  const Map model = json.value("model", Map::object());
  require(model.is_object() && model.contains("vocab") && model.contains("merges") && model["merges"].is_array(), file,
          ": holds no byte-pair vocabulary (model.vocab, model.merges)");
  read_vocabulary(model["vocab"], file);
  for (const Map& merge : model["merges"]) {  // "a b", or in newer files ["a", "b"]
    if (merge.is_string()) {
      add_merge(merge.get<std::string>(), c10::str(file, ": a merge"));
    } else {
      if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string())
        fail(file, ": a merge is ", merge.dump(), "; a merge is two symbols");
      merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    }
  }
  for (const Map& token : json.value("added_tokens", Map::array())) {
    require(token.is_object() && token.contains("id"), file, ": an entry of added_tokens has no id");
    add_described(token, token["id"], file);
  }
}

OPAD_ONCE void ClipTokenizerFiles::read_added(const std::filesystem::path& path) {
  const Map json = parse(path);
  for (const auto& [token, id] : json.items())
    added_tokens.push_back({.content = token, .id = id_of(id, token, path.string())});
}

OPAD_ONCE void ClipTokenizerFiles::add_described(const Map& token, const Map& id, const std::string& file) {
  const auto content = content_of(token, "an added token", file);
  const auto flag = [&](const char* key, bool standard) {
    if (!token.is_object() || !token.contains(key) || token[key].is_null()) return standard;
    require(token[key].is_boolean(), file, ": ", key, " of the token '", content, "' is ", token[key].dump(),
            "; give true or false");
    return token[key].get<bool>();
  };
  require(!flag("single_word", false), file, ": the token '", content,
          "' is for whole words only (single_word), which this tokenizer does not do; set it to false");
  added_tokens.push_back({.content = content,
                          .id = id_of(id, content, file),
                          .normalized = flag("normalized", true) && !flag("special", false)});
}

OPAD_ONCE void ClipTokenizerFiles::read_config(const Map& json, const std::string& file) {
  for (const auto& [key, member] : {std::pair{"bos_token", &bos_token},
                                    {"eos_token", &eos_token},
                                    {"unk_token", &unk_token},
                                    {"pad_token", &pad_token}})
    if (json.contains(key) && !json[key].is_null()) *member = content_of(json[key], key, file);
  for (const Map& token : json.value("additional_special_tokens", Map::array()))
    added_tokens.push_back(
        {.content = content_of(token, "additional_special_tokens", file), .id = {}, .normalized = false});
  const Map described = json.value("added_tokens_decoder", Map::object());
  for (const auto& [id, token] : described.items()) add_described(token, Map::parse(id, nullptr, false), file);
  if (!json.contains("model_max_length") || json["model_max_length"].is_null()) return;
  const Map& length = json["model_max_length"];
  require(length.is_number() && length >= 2, file, ": model_max_length is ", brief(length),
          "; it counts the start and end tokens");
  if (length <= 1 << 20) model_max_length = length.get<std::int64_t>();  // the library writes 1e30 for "not said"
}

OPAD_ONCE std::string ClipTokenizerFiles::content_of(const Map& token, const std::string& what,
                                                     const std::string& file) {
  const bool described = token.is_object() && token.contains("content") && token["content"].is_string();
  require(token.is_string() || described, file, ": ", what, " is ", token.dump(),
          "; give a string, or an object with a \"content\"");
  return described ? token["content"].get<std::string>() : token.get<std::string>();
}

}  // namespace opad
