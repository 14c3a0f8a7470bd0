#include <caffe2/serialize/inline_container.h>

#include <opad/io/detail/pickle_machine.hpp>
#include <opad/io/pickle.hpp>

#include <opad/core/random.hpp>
#include <opad/io/weights.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using namespace opad;

namespace {

const fs::path golden = fs::path(OPAD_SOURCE_DIR) / "tests/golden";

/// A file as torch.save writes it, with that pickle program and those numbers in data/0.
fs::path torch_file(const TemporaryFolder& folder, const std::string& program,
                    const Tensor& numbers = torch::arange(6, torch::kFloat32)) {
  const fs::path path = folder / "x.bin";
  caffe2::serialize::PyTorchStreamWriter zip(path.string());
  zip.writeRecord("data.pkl", program.data(), program.size());
  zip.writeRecord("data/0", numbers.data_ptr(), numbers.nbytes());
  zip.writeEndOfFile();
  return path;
}

std::string bytes(std::string_view text) { return std::string(text); }
std::string text(std::string_view value) {
  return bytes("X") + static_cast<char>(value.size()) + std::string("\0\0\0", 3) + std::string(value);
}
std::string integer(int value) { return bytes("K") + static_cast<char>(value); }

const std::string protocol = "\x80\x02";

/// The call that rebuilds a tensor from data/0.
std::string tensor(int count, int offset, const std::string& shape, const std::string& strides,
                   const std::string& storage = "FloatStorage") {
  return bytes("ctorch._utils\n_rebuild_tensor_v2\n((") + text("storage") + "ctorch\n" + storage + "\n" + text("0") +
         text("cpu") + integer(count) + "tQ" + integer(offset) + shape + strides + "\x89" +
         "ccollections\nOrderedDict\n)RtR";
}
std::string pair(int a, int b) { return integer(a) + integer(b) + "\x86"; }

}  // namespace

TEST_CASE("the .bin fixtures hold the tensors of their safetensors twins", "[io][pickle]") {
  const std::vector<std::pair<std::string, std::string>> twins{
      {"adapters_crossattn/custom_diffusion/pytorch_custom_diffusion_weights.bin",
       "adapters_crossattn/custom_diffusion/pytorch_custom_diffusion_weights.safetensors"},
      {"adapters_crossattn_kv/custom_diffusion/pytorch_custom_diffusion_weights.bin",
       "adapters_crossattn_kv/custom_diffusion/pytorch_custom_diffusion_weights.safetensors"},
      {"adapters_embeddings/embeddings/vector.bin", "adapters_embeddings/embeddings/vector.safetensors"},
      {"identity_ip_adapter/model/ip-adapter.bin", "identity_ip_adapter/model/ip-adapter.safetensors"}};
  for (const auto& [bin, safetensors] : twins) {
    INFO(bin);
    const Tensors got = read_pickle_tensors(golden / bin), want = SafeTensors(golden / safetensors).tensors();
    REQUIRE(got.size() == want.size());
    for (const auto& [name, tensor] : want) REQUIRE(at::equal(got.at(name), tensor));
  }
}

TEST_CASE("views of a table and Parameters are read as plain tensors", "[io][pickle]") {
  const fs::path folder = golden / "adapters_embeddings/embeddings";
  const Tensor row = read_pickle_tensors(folder / "row_of_table.bin").at("<new2>"),
               matrix = read_pickle_tensors(folder / "row_matrix.bin").at("<new2>");
  REQUIRE(row.sizes() == at::IntArrayRef{24});
  REQUIRE(matrix.sizes() == at::IntArrayRef{1, 24});
  REQUIRE(at::equal(row, matrix[0]));
  const Pickled webui = read_pickle(folder / "webui.pt");
  REQUIRE(*webui.find("name")->as<std::string>() == "<new1>");
  REQUIRE(*webui.find("step")->as<std::int64_t>() == 499);
  REQUIRE(webui.find("sd_checkpoint")->as<std::monostate>());
  REQUIRE(webui.find("absent") == nullptr);
  const Tensor embedding = read_pickle_tensors(folder / "webui.pt").at("string_to_param.*");
  REQUIRE(embedding.sizes() == at::IntArrayRef{1, 24});
  REQUIRE_FALSE(embedding.requires_grad());
}

TEST_CASE("numbers, texts, lists and tuples are read", "[io][pickle]") {
  const TemporaryFolder folder;
  const std::string program = protocol + "](" + "N\x88\x89" + "J\xfe\xff\xff\xff" + bytes(std::string("M\x00\x01", 3)) +
                              "\x8a\x02\xff\xff" + std::string("G\x3f\xf8\0\0\0\0\0\0", 9) + text("é") + integer(7) +
                              "\x85" + "e.";
  const auto list = *read_pickle(torch_file(folder, program)).as<PickledList>();
  REQUIRE(list.size() == 9);
  REQUIRE(list[0].as<std::monostate>());
  REQUIRE(*list[1].as<bool>());
  REQUIRE_FALSE(*list[2].as<bool>());
  REQUIRE(*list[3].as<std::int64_t>() == -2);
  REQUIRE(*list[4].as<std::int64_t>() == 256);
  REQUIRE(*list[5].as<std::int64_t>() == -1);
  REQUIRE(*list[6].as<double>() == 1.5);
  REQUIRE(*list[7].as<std::string>() == "é");
  REQUIRE(*list[8].as<PickledList>()->at(0).as<std::int64_t>() == 7);
}

TEST_CASE("nested containers give joined names", "[io][pickle]") {
  const TemporaryFolder folder;
  const std::string leaf = tensor(6, 1, pair(2, 2), pair(3, 1));
  const Tensors tensors =
      read_pickle_tensors(torch_file(folder, protocol + "}(" + text("a") + "}" + text("b") + leaf + "s" + text("c") +
                                                 "]" + leaf + "aK\x05" + leaf + "u."));
  REQUIRE(tensors.size() == 3);
  REQUIRE(at::equal(tensors.at("a.b"), torch::tensor({{1.f, 2.f}, {4.f, 5.f}})));
  REQUIRE(tensors.contains("c.0"));
  REQUIRE(tensors.contains("5"));
}

TEST_CASE("a pickle that asks for anything but data is refused by name, and nothing runs", "[io][pickle]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& program, const std::string& message) {
    REQUIRE_THROWS_WITH(read_pickle(torch_file(folder, protocol + program)),
                        ContainsSubstring((folder / "x.bin").string()) && ContainsSubstring(message));
  };
  refused(bytes("cposix\nsystem\n") + text("touch " + (folder / "ran").string()) + "\x85R.", "asks for posix.system");
  refused(bytes("cbuiltins\neval\n") + text("1") + "\x85R.", "asks for builtins.eval");
  refused("ctorch._utils\n_rebuild_tensor_v3\n.", "asks for torch._utils._rebuild_tensor_v3");
  refused("(iposix\nsystem\n.", "opcode 105");
  refused("ctorch\nFloatStorage\n.", "holds a class");
  refused(bytes("}") + text("a") + "ccollections\nOrderedDict\ns.", "holds a class");
  refused("ctorch\nFloatStorage\n)R.", "calls what is no function");
  REQUIRE_FALSE(fs::exists(folder / "ran"));
}

TEST_CASE("a pickle cannot grow beyond its file", "[io][pickle]") {
  const TemporaryFolder folder;
  std::string deep = protocol;
  for (int i = 0; i < 100'000; ++i) deep += (i ? "\x85" : "N");
  REQUIRE_THROWS_WITH(read_pickle(torch_file(folder, deep + ".")),
                      ContainsSubstring("nested more than 100 levels deep"));
  REQUIRE_THROWS_WITH(
      read_pickle(torch_file(folder, protocol + std::string(100'000, ']') + std::string(99'999, 'a') + ".")),
      ContainsSubstring("nested more than 100 levels deep"));
  REQUIRE_THROWS_WITH(read_pickle(torch_file(folder, protocol + "]q" + '\x01' + "h\x01" + "a.")),
                      ContainsSubstring("same container twice"));
}

TEST_CASE("a tensor cannot reach beyond its numbers", "[io][pickle]") {
  const TemporaryFolder folder;
  const auto program = [&](const std::string& call) {
    return torch_file(folder, protocol + "}" + text("a") + call + "s.");
  };
  REQUIRE(read_pickle_tensors(program(tensor(6, 0, pair(2, 3), pair(3, 1)))).at("a").numel() == 6);
  REQUIRE(read_pickle_tensors(program(tensor(6, 9, pair(0, 3), pair(3, 1)))).at("a").numel() == 0);
  const std::string minus = "J\xff\xff\xff\xff", huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
  for (const std::string& call :
       {tensor(6, 1, pair(2, 3), pair(3, 1)), tensor(6, 0, pair(2, 3), pair(4, 1)),
        tensor(6, 0, pair(2, 3), integer(1) + "\x85"), tensor(6, 0, minus + "\x85", integer(1) + "\x85"),
        tensor(6, 0, integer(2) + "\x85", minus + "\x85"), tensor(6, 0, huge + "\x85", integer(0) + "\x85"),
        tensor(6, 0, integer(2) + "\x85", huge + "\x85"), tensor(6, 0, pair(100, 100), pair(0, 0)),
        tensor(5, 0, pair(1, 1), pair(1, 1)), tensor(6, 0, pair(1, 1), pair(1, 1), "DoubleStorage"),
        tensor(6, 0, integer(3), integer(1)), tensor(24, 0, pair(2, 2), pair(1, 1), "BoolStorage")}) {
    REQUIRE_THROWS_AS(read_pickle(program(call)), Error);
  }
}

TEST_CASE("what is no file of torch.save is refused with a sentence", "[io][pickle]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& content, const std::string& message) {
    write_atomically(folder / "y.bin", content);
    REQUIRE_THROWS_WITH(read_pickle(folder / "y.bin"),
                        ContainsSubstring("y.bin: ") && ContainsSubstring(message) && !ContainsSubstring("\n"));
  };
  refused("", "not a file of torch.save");
  refused("\x80\x02}q\x01.", "not a file of torch.save since PyTorch 1.6");
  refused("PK\3\4 and then nothing", "damaged");
  REQUIRE_THROWS_WITH(read_pickle(folder / "absent.bin"), ContainsSubstring("absent.bin: no such file"));
}

TEST_CASE("a damaged .bin either reads or gives an opad::Error", "[io][pickle]") {
  const TemporaryFolder folder;
  const std::string whole = read_file(golden / "adapters_embeddings/embeddings/webui.pt");
  const Pickled intact = read_pickle(golden / "adapters_embeddings/embeddings/webui.pt");
  Stream stream = Random(1).stream("test/damage");
  const auto attempt = [&](const std::string& content) {
    write_atomically(folder / "x.pt", content);
    try {
      read_pickle_tensors(folder / "x.pt");
    } catch (const Error&) { return true; }
    return false;
  };
  for (std::size_t size = 0; size < whole.size(); size += 37) REQUIRE(attempt(whole.substr(0, size)));
  for (int i = 0; i < 300; ++i) {
    std::string damaged = whole;
    for (int n = 0; n < 3; ++n)
      damaged[static_cast<std::size_t>(stream.integer(0, static_cast<std::int64_t>(whole.size())))] =
          static_cast<char>(stream.bits());
    attempt(damaged);
  }
  REQUIRE(intact.find("step") != nullptr);
}

TEST_CASE("a damaged pickle program either reads or gives an opad::Error", "[io][pickle]") {
  const TemporaryFolder folder;
  const std::string whole =
      protocol + "}(" + text("a") + tensor(6, 1, pair(2, 2), pair(3, 1)) + text("b") + "](K\x01K\x02" + "e" + "u.";
  Stream stream = Random(2).stream("test/damage");
  const auto storage = [](const std::string&, at::ScalarType type, std::int64_t) { return torch::arange(6).to(type); };
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = whole;
    for (auto n = stream.integer(1, 5); n > 0; --n)
      damaged[static_cast<std::size_t>(stream.integer(0, static_cast<std::int64_t>(whole.size())))] =
          i % 2 ? static_cast<char>(stream.bits())
                : whole[static_cast<std::size_t>(stream.integer(0, static_cast<std::int64_t>(whole.size())))];
    try {
      opad::detail::PickleMachine(damaged, storage, "memory").run();
    } catch (const Error&) { ++refused; }
  }
  REQUIRE(refused > 10'000);
}
