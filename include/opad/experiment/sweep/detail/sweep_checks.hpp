#pragma once
#include <map>
#include <set>

#include <opad/experiment/sweep/detail/sweep.hpp>
#include <opad/io/output_apart.hpp>

/// What a sweep refuses before anything runs.
namespace opad {

OPAD_ONCE void Sweep::require_unique_names() const {
  std::set<std::string> names;
  for (const Variant& variant : variants_)
    require(names.insert(variant.name).second, program_, ": two variants are called ", variant.name);
}

OPAD_ONCE void Sweep::require_different_rows() const {
  std::map<std::string, std::string> seen;
  for (const Variant& variant : variants_) {
    if (!variant.program) continue;
    std::vector<std::string> words = row_settings(variant);
    if (!words.empty()) words.insert(words.begin(), "--set");
    const RowFacts facts = variant.facts();
    const std::string key =
        c10::str(identity(*variant.program, words), facts.teacher_of, static_cast<int>(facts.scored));
    const auto [other, is_new] = seen.emplace(key, variant.name);
    require(is_new, program_, ": the rows ", other->second, " and ", variant.name,
            " compute the same; let one of them change a slot or an option");
  }
}

OPAD_ONCE void Sweep::require_output_apart() const {
  std::vector<NamedPath> read{{"models", settings_.run.models},
                              {"teacher", settings_.run.teacher},
                              {"student", settings_.run.student},
                              {"evaluation-encoders", settings_.evaluation_encoders}};
  for (const auto& [name, path] : settings_.run.encoders) read.push_back({name, path});
  opad::require_output_apart(settings_.output, read, "give the sweep a folder of its own");
}

OPAD_ONCE void Sweep::check_inputs(const std::vector<Job>& todo) const {
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Job& job = todo[i];
    if (job.variant->ip_adapter)
      for (const auto& path : {settings_.ip_adapter_file(), settings_.ip_adapter_encoder()})
        require(std::filesystem::exists(path), path.string(), ": no such file or folder; the row ", job.variant->name,
                " needs --ip-adapter and "
                "--ip-adapter-image-encoder");
    const std::string row(job.variant->facts().teacher_of);
    if (row.empty() || std::filesystem::is_directory(teacher_folder(job))) continue;
    const bool comes_before =
        std::any_of(todo.begin(), todo.begin() + static_cast<std::ptrdiff_t>(i), [&](const Job& other) {
          return other.variant->name == row && other.subject == job.subject && other.seed == job.seed;
        });
    require(comes_before, teacher_folder(job).string(), ": the row ", job.variant->name,
            " starts with the teacher of the row ", row, "; run that one first, with the same --output");
  }
}

}  // namespace opad
