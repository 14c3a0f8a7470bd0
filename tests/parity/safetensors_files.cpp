// Malformed and odd safetensors files, against the verdict of the format's own library
// (tests/oracle/families/safetensors_bad.py).
#include "parity.hpp"

#include <iomanip>

#include <opad/io/safetensors.hpp>

using namespace opad;

namespace {

std::string hex(const Tensor& tensor) {
  std::ostringstream text;
  const Tensor plain = tensor.contiguous();
  const auto* const bytes = static_cast<const unsigned char*>(plain.data_ptr());
  for (std::size_t i = 0; i < plain.nbytes(); ++i)
    text << std::hex << std::setw(2) << std::setfill('0') << int{bytes[i]};
  return text.str();
}

/// What differs from the library's contents, "" if nothing does.
std::string difference(const SafeTensors& file, const Json& want) {
  static const std::map<std::string, at::ScalarType> types{
      {"float64", at::kDouble}, {"float32", at::kFloat}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16},
      {"int64", at::kLong},     {"int32", at::kInt},     {"int16", at::kShort},  {"int8", at::kChar},
      {"uint8", at::kByte},     {"bool", at::kBool}};
  const Json& metadata = want.at("metadata");
  const auto expected =
      metadata.is_null() ? std::map<std::string, std::string>{} : metadata.get<std::map<std::string, std::string>>();
  if (file.metadata() != expected) return "the metadata differ";
  if (file.tensors().size() != want.at("tensors").size()) return "the number of tensors differs";
  for (const auto& [name, entry] : want.at("tensors").items()) {
    const auto found = file.tensors().find(name);
    if (found == file.tensors().end()) return "has no tensor '" + name + "'";
    const Tensor& tensor = found->second;
    if (tensor.scalar_type() != types.at(entry.at("dtype"))) return "the type of '" + name + "' differs";
    if (tensor.sizes().vec() != entry.at("shape").get<Shape>()) return "the shape of '" + name + "' differs";
    if (hex(tensor) != entry.at("bytes")) return "the bytes of '" + name + "' differ";
  }
  return "";
}

void run(const parity::Case& c, parity::Report& report) {
  const Json expected = read_json(c.folder / "expected.json");
  const auto verdicts = [&](const char* group, bool may_read, bool may_refuse) {
    for (const auto& [name, want] : expected.at(group).items()) {
      try {
        const SafeTensors file(c.folder / "files" / (name + ".safetensors"));
        const std::string detail = may_read ? difference(file, want) : "read, but must be refused";
        report.check(name, detail.empty(), detail);
      } catch (const Error& error) { report.check(name, may_refuse, error.what()); }
    }
  };
  verdicts("rejected", false, true);
  verdicts("accepted", true, false);
  verdicts("either", true, true);
}

const parity::Family family{"safetensors_bad", run};

}  // namespace
