#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/io/json.hpp>

namespace opad {

/// The part of a run's contents (contents.hpp) that decides its result: pictures may have other names as long as their
/// order is the same.
OPAD_ONCE Json decisive_contents(const Json& contents) {
  Json out = contents;
  for (const char* pictures : {"instance-data", "class-data"})
    if (out.contains(pictures))
      for (auto& folder : out[pictures]) folder.erase("files");
  return out;
}

namespace detail {

/// What differs in captions and masks of the same pictures: "01.jpg has another caption".
OPAD_ONCE std::string companion_differences(const Json& before, const Json& now) {
  const auto files = now.at("files").get<std::vector<std::string>>();
  std::string text;
  for (const auto& [key, name] : {std::pair{"captions", "caption"}, {"masks", "mask"}}) {
    const Json none = Json::array(), was = before.value(key, none), is = now.value(key, none);
    const auto sum = [](const Json& list, std::size_t i) {
      return i < list.size() ? list[i].template get<std::string>() : std::string();
    };
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string old = sum(was, i), current = sum(is, i);
      if (old == current) continue;
      const auto what = old.empty() ? " has a " : current.empty() ? " has no " : " has another ";
      text += c10::str(text.empty() ? "" : ", ", files[i], what, name, old.empty() || current.empty() ? " now" : "");
    }
  }
  return text;
}

/// What differs between two lists of pictures with names.
OPAD_ONCE std::string picture_differences(const Json& before, const Json& now) {
  using Names = std::vector<std::string>;
  const auto sums = before.at("xxh3-64").get<Names>(), new_sums = now.at("xxh3-64").get<Names>(),
             names = before.at("files").get<Names>(), new_names = now.at("files").get<Names>();
  if (sums == new_sums) return companion_differences(before, now);
  std::map<std::string, std::string> was, is;
  for (std::size_t i = 0; i < names.size(); ++i) was[names[i]] = sums.at(i);
  for (std::size_t i = 0; i < new_names.size(); ++i) is[new_names[i]] = new_sums.at(i);
  std::string text;
  const auto note = [&](const std::string& file, const char* what) {
    text += (text.empty() ? "" : ", ") + file + what;
  };
  for (const auto& [file, sum] : is) {
    const auto old = was.find(file);
    if (old == was.end()) note(file, " is new");
    else if (old->second != sum) note(file, " is another picture");
  }
  for (const auto& [file, sum] : was)
    if (!is.contains(file)) note(file, " is missing");
  return text.empty() ? "the pictures are in another order" : text;
}

}  // namespace detail

/// "--instance-data: zz.png is new, 01.png is another picture": what differs; of what the first does not say, nothing.
OPAD_ONCE std::string content_differences(const Json& before, const Json& now) {
  std::string text;
  const auto note = [&](const auto&... parts) { text += c10::str(text.empty() ? "" : "; ", parts...); };
  for (const char* option : {"instance-data", "class-data"}) {
    const Json was = before.value(option, Json()), is = now.value(option, Json());
    if (!was.is_array()) continue;
    for (std::size_t i = 0; i < std::min(was.size(), is.size()); ++i)
      if (const auto what = detail::picture_differences(was[i], is[i]); !what.empty()) note("--", option, ": ", what);
    if (was.size() != is.size()) note("--", option, ": ", was.size(), " folders have become ", is.size());
  }
  const Json models = now.value("models", Json::object()), models_before = before.value("models", Json::object());
  for (const auto& [name, sum] : models_before.items())
    if (!models.contains(name)) note("the ", name, " is gone");
    else if (models[name] != sum) note("the ", name, " is another model than it was");
  if (before.contains("threads") && before["threads"] != now.value("threads", Json()))
    note("--threads was ", before["threads"].dump(), " and is ", now.value("threads", Json()).dump(),
         ", and the last digits of sums depend on it");
  for (const auto& [option, usual] : {std::pair{"memory-format", "contiguous"}, {"mkl-dispatch", "vendor"}})
    if (const auto was = before.value(option, std::string(usual)), is = now.value(option, std::string(usual));
        was != is)
      note("--", option, " was ", was, " and is ", is, ", and the last digits of sums depend on it");
  return text;
}

}  // namespace opad
