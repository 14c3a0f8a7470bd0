#include <opad/core/random.hpp>
#include <opad/io/detail/checksums.hpp>
#include <opad/io/json.hpp>
#include <opad/io/safetensors.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using namespace opad;

namespace {

const fs::path fixtures = fs::path(OPAD_SOURCE_DIR) / "tests/golden/safetensors_files";

Tensor random_tensor(at::IntArrayRef shape, at::ScalarType type, std::uint64_t seed) {
  Stream stream = Random(seed).stream("test/safetensors");
  if (type == torch::kBool) return stream.integers(0, 2, shape).to(torch::kBool);
  const Tensor out = torch::empty(shape, type);
  auto* const bytes = static_cast<std::uint8_t*>(out.data_ptr());
  for (std::size_t i = 0; i < out.nbytes(); ++i) bytes[i] = static_cast<std::uint8_t>(stream.bits());
  return out;
}

/// Same type, shape and bytes (so NaN equals itself).
bool identical(const Tensor& a, const Tensor& b) {
  const Tensor x = a.contiguous(), y = b.contiguous();
  return x.scalar_type() == y.scalar_type() && x.sizes() == y.sizes() &&
         (x.numel() == 0 || std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0);
}

SafeTensors from_memory(std::string bytes) {
  const auto owner = std::make_shared<std::string>(std::move(bytes));
  return SafeTensors(owner, std::as_writable_bytes(std::span(*owner)), "memory");
}

}  // namespace

TEST_CASE("safetensors come back as they were saved: every type, empty, scalar, not contiguous", "[io][safetensors]") {
  const TemporaryFolder folder;
  Tensors tensors;
  for (const auto& [name, type] : opad::detail::safetensors_types) {
    std::uint64_t seed = 0;
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{3}, Shape{2, 0, 3}, Shape{4, 5}, Shape{1, 1, 7, 1}})
      tensors[c10::str(name, " ", at::IntArrayRef(shape))] = random_tensor(shape, type, ++seed);
  }
  tensors["transposed"] = random_tensor({3, 4}, torch::kFloat32, 1).t();
  tensors["every second"] = random_tensor({10}, torch::kInt16, 2).slice(0, 0, 10, 2);
  tensors["expanded"] = torch::ones({1}).expand({5});
  tensors["conjugated"] = random_tensor({3}, at::kComplexFloat, 3).conj();
  tensors["parameter"] = torch::ones({2}).requires_grad_();
  tensors["größe \"\\\n 名前"] = torch::ones({1});
  tensors[""] = torch::zeros({1});
  const std::map<std::string, std::string> metadata{{"format", "pt"}, {"é", "\"\n"}, {"", ""}};
  save_safetensors(folder / "x.safetensors", tensors, metadata);
  const SafeTensors read(folder / "x.safetensors");
  REQUIRE(read.metadata() == metadata);
  REQUIRE(read.tensors().size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    INFO(name);
    REQUIRE(identical(read.tensors().at(name), tensor.detach().resolve_conj()));
    REQUIRE_FALSE(read.tensors().at(name).requires_grad());
  }
}

TEST_CASE("saving is deterministic, aligns every tensor and pads the header to 8 bytes", "[io][safetensors]") {
  const TemporaryFolder folder;
  for (int length = 1; length < 20; ++length) {
    const Tensors tensors{{std::string(length, 'n'), torch::ones({3}, torch::kUInt8)},
                          {"z", torch::ones({2}, torch::kFloat64)}};
    save_safetensors(folder / "a", tensors);
    save_safetensors(folder / "b", tensors);
    const std::string bytes = read_file(folder / "a");
    REQUIRE(bytes == read_file(folder / "b"));
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), 8);
    REQUIRE(header % 8 == 0);
    REQUIRE(reinterpret_cast<std::uintptr_t>(SafeTensors(folder / "a").tensors().at("z").data_ptr()) % 8 == 0);
  }
}

TEST_CASE("writing to a loaded tensor changes neither the file nor what others load", "[io][safetensors]") {
  const TemporaryFolder folder;
  const Tensor values = random_tensor({1000}, torch::kInt32, 5);
  save_safetensors(folder / "x", {{"a", values}, {"b", values}});
  const std::string before = read_file(folder / "x");
  const SafeTensors first(folder / "x"), second(folder / "x");
  first.tensors().at("a").fill_(7);
  REQUIRE(first.tensors().at("a").eq(7).all().item<bool>());
  REQUIRE(identical(first.tensors().at("b"), values));
  REQUIRE(identical(second.tensors().at("a"), values));
  REQUIRE(read_file(folder / "x") == before);
}

TEST_CASE("tensors outlive the SafeTensors they came from, and the file's name", "[io][safetensors]") {
  const TemporaryFolder folder;
  const Tensor values = random_tensor({5000}, torch::kFloat32, 6);
  save_safetensors(folder / "x", {{"a", values}});
  const Tensor kept = SafeTensors(folder / "x").tensors().at("a");
  fs::remove(folder / "x");
  REQUIRE(identical(kept, values));
}

TEST_CASE("a file can be replaced by tensors that alias it", "[io][safetensors]") {
  const TemporaryFolder folder;
  const Tensor values = random_tensor({5000}, torch::kInt64, 7);
  save_safetensors(folder / "x", {{"a", values}});
  Tensors tensors = SafeTensors(folder / "x").tensors();
  tensors["b"] = tensors.at("a").slice(0, 0, 10);
  save_safetensors(folder / "x", tensors);
  REQUIRE(identical(SafeTensors(folder / "x").tensors().at("a"), values));
  REQUIRE(identical(SafeTensors(folder / "x").tensors().at("b"), values.slice(0, 0, 10)));
}

TEST_CASE("what cannot be saved is named and leaves the old file", "[io][safetensors]") {
  const TemporaryFolder folder;
  save_safetensors(folder / "x", {{"a", torch::ones({2})}});
  const std::string before = read_file(folder / "x");
  const auto refused = [&](const Tensors& tensors, const std::string& message) {
    REQUIRE_THROWS_WITH(save_safetensors(folder / "x", tensors),
                        ContainsSubstring((folder / "x").string()) && ContainsSubstring(message));
    REQUIRE(read_file(folder / "x") == before);
    REQUIRE(folder.entries() == 1);
  };
  refused({{"a", torch::ones({2})}, {"b", torch::ones({1}, at::kComplexDouble)}},
          "tensor 'b' has the type ComplexDouble");
  refused({{"b", torch::ones({2, 2}).to_sparse()}}, "tensor 'b' is undefined or sparse");
  refused({{"b", Tensor()}}, "tensor 'b' is undefined or sparse");
  refused({{"__metadata__", torch::ones({1})}}, "__metadata__");
  refused({{"\xff", torch::ones({1})}}, "not UTF-8");
}

TEST_CASE("the fixtures' verdicts: what the format's library refuses is refused, by name", "[io][safetensors]") {
  const Json expected = read_json(fixtures / "expected.json");
  for (const auto& [name, why] : expected.at("rejected").items()) {
    INFO(name << ": " << why);
    REQUIRE_THROWS_WITH(SafeTensors(fixtures / "files" / (name + ".safetensors")),
                        ContainsSubstring(name + ".safetensors: "));
  }
  for (const auto& [name, contents] : expected.at("accepted").items()) {
    INFO(name);
    REQUIRE(SafeTensors(fixtures / "files" / (name + ".safetensors")).tensors().size() ==
            contents.at("tensors").size());
  }
}

TEST_CASE("data that is not aligned for its type is read", "[io][safetensors]") {
  const Tensors tensors = SafeTensors(fixtures / "files/unaligned_data.safetensors").tensors();
  const std::vector<std::uint8_t> bytes{3, 4, 5, 6, 7, 8, 9, 10};
  REQUIRE(std::memcmp(tensors.at("b").data_ptr(), bytes.data(), 8) == 0);
  REQUIRE(reinterpret_cast<std::uintptr_t>(tensors.at("b").data_ptr()) % alignof(float) == 0);
  REQUIRE(reinterpret_cast<std::uintptr_t>(tensors.at("c").data_ptr()) % alignof(double) == 0);
}

TEST_CASE("a BOOL tensor holds 0 and 1 only", "[io][safetensors]") {
  const std::string header = R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})";
  const auto file = [&](std::string body) {
    return std::string{static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0} + header + body;
  };
  REQUIRE(from_memory(file({1, 0})).tensors().at("a")[0].item<bool>());
  REQUIRE_THROWS_WITH(from_memory(file({1, 2})), ContainsSubstring("memory: tensor 'a' of BOOL"));
}

TEST_CASE("shapes whose strides would overflow are refused even when they are empty", "[io][safetensors]") {
  for (const std::string shape : {"[0,4611686018427387904,4]", "[18446744073709551615,0]", "[9223372036854775808,0]"}) {
    const std::string header = R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,0]}})";
    REQUIRE_THROWS_WITH(from_memory(std::string{static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0} + header),
                        ContainsSubstring("too large"));
  }
}

TEST_CASE("every file that is cut off is refused", "[io][safetensors]") {
  const TemporaryFolder folder;
  save_safetensors(folder / "x", {{"a", torch::ones({3})}, {"b", torch::ones({2, 2}, torch::kInt64)}});
  const std::string whole = read_file(folder / "x");
  for (std::size_t size = 0; size < whole.size(); ++size) REQUIRE_THROWS_AS(from_memory(whole.substr(0, size)), Error);
  REQUIRE_THROWS_AS(from_memory(whole + '\0'), Error);
  REQUIRE_NOTHROW(from_memory(whole));
}

TEST_CASE("a damaged file either reads or gives an opad::Error", "[io][safetensors]") {
  const TemporaryFolder folder;
  save_safetensors(
      folder / "x",
      {{"a", torch::ones({3})}, {"b", torch::ones({2, 2}, torch::kInt64)}, {"c", torch::ones({4}, torch::kBool)}});
  const std::string whole = read_file(folder / "x");
  Stream stream = Random(1).stream("test/damage");
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = whole;
    for (auto n = stream.integer(1, 4); n > 0; --n)
      damaged[static_cast<std::size_t>(stream.integer(0, static_cast<std::int64_t>(whole.size())))] =
          static_cast<char>(stream.bits());
    try {
      for (const auto& [name, tensor] : from_memory(damaged).tensors()) REQUIRE(tensor.clone().defined());
    } catch (const Error&) { ++refused; }
  }
  REQUIRE(refused > 1000);
}

TEST_CASE("a file says what its writer gave it to say, and format pt; the checksums are no part of that",
          "[io][safetensors]") {
  const TemporaryFolder folder;
  save_safetensors(folder / "x", {{"a", torch::ones({3})}}, {{"step", "3"}});
  REQUIRE(SafeTensors(folder / "x").metadata() == std::map<std::string, std::string>{{"format", "pt"}, {"step", "3"}});
  save_safetensors(folder / "y", SafeTensors(folder / "x").tensors(), SafeTensors(folder / "x").metadata());
  REQUIRE(read_file(folder / "x") == read_file(folder / "y"));
}

TEST_CASE("every flipped bit of a saved file is noticed", "[io][safetensors]") {
  const TemporaryFolder folder;
  Tensors tensors{{"b \"ü\"", random_tensor({7}, torch::kFloat32, 1)},
                  {"c", torch::ones({5}, torch::kBool)},
                  {"d", random_tensor({3, 2}, torch::kBFloat16, 2)},
                  {"e", torch::empty({0, 4})}};
  save_safetensors(folder / "x", tensors, {{"step", "12"}});
  const std::string whole = read_file(folder / "x");
  REQUIRE_NOTHROW(from_memory(whole));
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {  // all of them: some thousands
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    INFO("bit " << bit);
    REQUIRE_THROWS_AS(from_memory(damaged), Error);
  }
}

TEST_CASE("a damaged tensor is named with both checksums", "[io][safetensors]") {
  const TemporaryFolder folder;
  save_safetensors(folder / "x", {{"first", torch::ones({3})}, {"second", torch::zeros({2})}});
  std::string bytes = read_file(folder / "x");
  bytes.back() = 1;
  REQUIRE_THROWS_WITH(from_memory(bytes),
                      ContainsSubstring("memory: the tensor 'second' is damaged: its checksum is ") &&
                          ContainsSubstring(" and should be ") && ContainsSubstring("; take another copy of the file"));
  bytes = read_file(folder / "x");
  bytes.replace(bytes.find("\"first\""), 7, "\"fjrst\"");
  REQUIRE_THROWS_WITH(from_memory(bytes), ContainsSubstring("memory: the header is damaged: its checksum is "));
}

TEST_CASE("a file that was rewritten without its checksums is read", "[io][safetensors]") {
  const std::string header = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  REQUIRE(from_memory(std::string{static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0} + header + "ab").metadata() ==
          std::map<std::string, std::string>{{"format", "pt"}});
}

TEST_CASE("checksums that are no checksums give an opad::Error", "[io][safetensors]") {
  for (const std::string sums : {R"("3")", R"("{\"a\":3}")", R"("{}")", R"("[")", "3", R"({"a":"b"})"}) {
    auto json = nlohmann::json::parse(R"({"__metadata__":{"xxh3-64":)" + sums +
                                      R"(},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})");
    const std::string text = json.dump();
    json["__metadata__"]["xxh3-64.header"] = opad::detail::checksum(text.data(), text.size());
    const std::string header = json.dump();
    std::uint64_t length = header.size();
    INFO(header);
    REQUIRE_THROWS_AS(from_memory(std::string(reinterpret_cast<const char*>(&length), 8) + header + "ab"), Error);
  }
}

TEST_CASE("saving with Numbers::Finite refuses a NaN or an infinity, by name, and leaves the old file",
          "[io][safetensors]") {
  const TemporaryFolder folder;
  const auto file = folder / "x";
  save_safetensors(file, {{"a", torch::ones({2})}});
  const std::string before = read_file(file);
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  for (const auto type : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16}) {
    const auto of = [&](std::vector<double> values) { return torch::tensor(values, torch::kFloat64).to(type); };
    const auto refused = [&](const Tensor& bad, const std::string& message) {
      REQUIRE_THROWS_WITH(save_safetensors(file, {{"a", of({1, 2})}, {"bad", bad}}, {}, Numbers::Finite),
                          ContainsSubstring(file.string() + ": the tensor 'bad' holds " + message));
      REQUIRE(read_file(file) == before);
      REQUIRE(folder.entries() == 1);
      save_safetensors(folder / "any", {{"bad", bad}});
      fs::remove(folder / "any");
    };
    refused(of({1, nan, infinity}), "a NaN, first at number 1 of 3");
    refused(of({1, 2, -infinity}), "an infinity, first at number 2 of 3");
  }
  save_safetensors(file,
                   {{"a", torch::full({9}, 3e38)}, {"n", torch::ones({2}, torch::kInt64)}, {"e", torch::empty({0})}},
                   {}, Numbers::Finite);
}

TEST_CASE("metadata can be added to a file, whose tensors stay", "[io][safetensors]") {
  const TemporaryFolder folder;
  const Tensor values = random_tensor({7}, torch::kFloat32, 1);
  save_safetensors(folder / "x", {{"a", values}}, {{"step", "3"}, {"kept", "yes"}});
  add_metadata(folder / "x", {{"step", "4"}, {"recipe", "default"}});
  const SafeTensors file(folder / "x");
  REQUIRE(file.metadata() ==
          std::map<std::string, std::string>{{"format", "pt"}, {"kept", "yes"}, {"recipe", "default"}, {"step", "4"}});
  REQUIRE(identical(file.tensors().at("a"), values));
}
