#include <opad/adapter/textual_inversion.hpp>
#include <opad/core/random.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {
const std::filesystem::path fixture = OPAD_SOURCE_DIR "/tests/golden/adapters_embeddings";
ClipTokenizer tokenizer() { return ClipTokenizer::from_pretrained(fixture / "model" / "tokenizer"); }
Tensor numbers(const std::string& name, at::IntArrayRef shape) { return Random(2).stream(name).normal(shape); }
}  // namespace

TEST_CASE("New ids take their embedding from the rows, all others from the table", "[adapter][textual-inversion]") {
  auto tok = tokenizer();
  const std::int64_t known = tok.size();
  const Tensor table = numbers("table", {known, 6}).requires_grad_(), rows = numbers("rows", {2, 6});
  const TokenRows tokens(tok, {{"<new1>", rows.narrow(0, 0, 1)}, {"<new2>", rows.narrow(0, 1, 1)}});
  REQUIRE(tokens.first_id() == known);
  REQUIRE(tok.token_id("<new2>") == known + 1);
  const Tensor ids = torch::tensor({{std::int64_t{0}, known, known - 1}, {known + 1, known, std::int64_t{5}}});
  const Tensor out = tokens.embed(table, ids);
  REQUIRE(at::equal(out, at::cat({table, rows}).index_select(0, ids.flatten()).view({2, 3, 6})));

  SECTION("gradient flows into the rows only") {
    out.sum().backward();
    REQUIRE_FALSE(table.grad().defined());
    REQUIRE(at::equal(tokens.rows().grad(), torch::tensor({2.0f, 1.0f}).unsqueeze(1).expand({2, 6})));
  }
  SECTION("a table that has rows for the new ids already gives the same") {
    REQUIRE(at::equal(tokens.embed(at::cat({table, numbers("other", {2, 6})}), ids), out));
  }
  SECTION("ids beyond the rows are refused") {
    REQUIRE_THROWS_WITH(tokens.embed(table, torch::tensor({{known + 2}})),
                        ContainsSubstring(c10::str("only ", known + 2, " tokens are known")));
    REQUIRE_THROWS_WITH(tokens.embed(table, torch::tensor({{std::int64_t{-1}}})), ContainsSubstring("ids from -1"));
  }
  SECTION("a table of another width is refused") {
    REQUIRE_THROWS_WITH(tokens.embed(numbers("wide", {known, 7}), ids),
                        ContainsSubstring("rows of width 6 beside a table of width 7"));
  }
}

TEST_CASE("Without new tokens the table alone speaks", "[adapter][textual-inversion]") {
  auto tok = tokenizer();
  const TokenRows tokens(tok, {});
  const Tensor table = numbers("table", {tok.size(), 6}), ids = torch::tensor({{std::int64_t{3}, std::int64_t{1}}});
  REQUIRE(at::equal(tokens.embed(table, ids), at::embedding(table, ids)));
}

TEST_CASE("A new token starts as the row of its initializer", "[adapter][textual-inversion]") {
  auto tok = tokenizer();
  const Tensor table = numbers("table", {tok.size(), 6});
  const auto id = tok.tokenize("a");
  REQUIRE(id.size() == 1);
  const auto tokens = TokenRows::from_initializers(tok, table, {"<new1>"}, {"a"});
  REQUIRE(at::equal(tokens.rows()[0], table[id[0]]));
  REQUIRE(tokens.rows().is_leaf());
  REQUIRE(tokens.rows().requires_grad());
  REQUIRE_THROWS_WITH(TokenRows::from_initializers(tok, table, {"<new2>"}, {"xyzzyx"}),
                      ContainsSubstring("choose a word that is one"));
  REQUIRE_THROWS_WITH(TokenRows::from_initializers(tok, table, {"<new2>", "<new3>"}, {"a"}),
                      ContainsSubstring("1 initializer tokens for 2"));
  REQUIRE_THROWS_WITH(TokenRows::from_initializers(tok, table, {"<new1>"}, {"a"}),
                      ContainsSubstring("is a token already"));
}

TEST_CASE("A token of several rows is written out in prompts", "[adapter][textual-inversion]") {
  auto tok = tokenizer();
  const TokenRows tokens(tok, {{"<many>", numbers("many", {3, 6})}, {"<one>", numbers("one", {1, 6})}});
  REQUIRE(tokens.rows().size(0) == 4);
  REQUIRE(tokens.expand("a <many> on a <one>, <many>") ==
          "a <many> <many>_1 <many>_2 on a <one>, <many> <many>_1 <many>_2");
  REQUIRE(tokens.expand("nothing new") == "nothing new");
  const std::int64_t first = tokens.first_id();
  REQUIRE(tok.tokenize(tokens.expand("<many><one>")) ==
          std::vector<std::int64_t>{first, first + 1, first + 2, first + 3});
}

TEST_CASE("Saved token rows come back bit by bit, a file for each token", "[adapter][textual-inversion]") {
  const TemporaryFolder folder;
  auto tok = tokenizer();
  const Tensor many = numbers("many", {3, 6}), one = numbers("one", {1, 6});
  const TokenRows tokens(tok, {{"<many>", many}, {"<one>", one}});
  tokens.save(folder.path / "embeddings");
  REQUIRE(SafeTensors(folder.path / "embeddings" / "<one>.safetensors").tensors().at("<one>").sizes() ==
          at::IntArrayRef{6});
  REQUIRE(SafeTensors(folder.path / "embeddings" / "<many>.safetensors").tensors().at("<many>").sizes() ==
          at::IntArrayRef{3, 6});

  SECTION("into a new tokenizer") {
    auto other = tokenizer();
    const TokenRows again(other, read_learned_embeddings(folder.path / "embeddings"));
    REQUIRE(at::equal(again.rows(), tokens.rows()));
  }
  SECTION("into rows that are there, which stay the same tensor") {
    auto other = tokenizer();
    TokenRows again(other, {{"<one>", torch::zeros({1, 6})}, {"<many>", torch::zeros({3, 6})}});
    const Tensor rows = again.rows();
    again.load(folder.path / "embeddings");
    REQUIRE(at::equal(rows, at::cat({one, many})));
    REQUIRE(rows.is_same(again.rows()));
  }
  SECTION("not into rows of another shape, or of another token") {
    auto other = tokenizer();
    TokenRows shape(other, {{"<many>", torch::zeros({2, 6})}}), name(other, {{"<three>", torch::zeros({1, 6})}});
    REQUIRE_THROWS_WITH(shape.load(folder.path / "embeddings"), ContainsSubstring("is [3, 6] instead of [2, 6]"));
    REQUIRE_THROWS_WITH(name.load(folder.path / "embeddings"), ContainsSubstring("no learned embedding of '<three>'"));
  }
}

TEST_CASE("learned_embeds.safetensors is found, and other files of the folder are left alone",
          "[adapter][textual-inversion]") {
  const TemporaryFolder folder;
  save_safetensors(folder.path / "learned_embeds.safetensors", {{"<cat>", torch::ones({4})}});
  save_safetensors(folder.path / "pytorch_custom_diffusion_weights.safetensors",
                   {{"a", torch::ones({4})}, {"b", torch::ones({4})}});
  const auto found = read_learned_embeddings(folder.path);
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].token == "<cat>");
  REQUIRE(found[0].rows.sizes() == at::IntArrayRef{1, 4});
}

TEST_CASE("What is not a learned embedding is refused by name", "[adapter][textual-inversion]") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  const auto refused = [&](const Tensors& tensors, const std::string& message) {
    save_safetensors(path, tensors);
    REQUIRE_THROWS_WITH(read_learned_embedding(path), ContainsSubstring(path.string()) && ContainsSubstring(message));
  };
  refused({{"a", torch::ones({4})}, {"b", torch::ones({4})}}, "holds 2 tensors");
  refused({{"a", torch::ones({4}, torch::kInt64)}}, "not a learned embedding");
  refused({{"a", torch::ones({1, 2, 3})}}, "not a learned embedding");
  refused({{"a", torch::ones({0, 4})}}, "not a learned embedding");
  refused({{"", torch::ones({4})}}, "not a learned embedding");
  REQUIRE_THROWS_AS(read_learned_embedding(folder.path / "missing.bin"), Error);
  REQUIRE_THROWS_WITH(read_learned_embeddings(folder.path / "missing"), ContainsSubstring("no such folder"));

  auto tok = tokenizer();
  REQUIRE_THROWS_WITH(TokenRows(tok, {{"<a>", torch::ones({1, 4})}, {"<b>", torch::ones({1, 5})}}),
                      ContainsSubstring("of one width for all tokens"));
}

TEST_CASE("A token that cannot name a file, or has the name of other weights, is saved and found all the same",
          "[adapter][textual-inversion]") {
  const TemporaryFolder folder;
  const std::string odd = "<" + std::string(300, 'x') + ">";
  const std::vector<std::string> names{"<a/b>", "<../../x>", odd, "pytorch_custom_diffusion_weights", "sks", ".hidden"};
  std::vector<LearnedEmbedding> embeddings;
  for (const auto& name : names) embeddings.push_back({name, numbers(name, {1, 6})});
  auto tok = tokenizer();
  save_safetensors(folder / "pytorch_custom_diffusion_weights.safetensors", {{"layer", torch::ones({4})}});
  TokenRows(tok, embeddings).save(folder.path);
  REQUIRE(folder.entries() == 7);
  REQUIRE(std::filesystem::exists(folder / "sks.safetensors"));
  std::map<std::string, Tensor> found;
  for (const auto& [token, rows] : read_learned_embeddings(folder.path)) found.emplace(token, rows);
  REQUIRE(found.size() == names.size());
  for (const auto& [token, rows] : embeddings) REQUIRE(at::equal(found.at(token), rows));
  auto other = tokenizer();
  TokenRows again(other, embeddings);
  again.load(folder.path);
}

TEST_CASE("The web UI's emb_params is the token that its file names", "[adapter][textual-inversion]") {
  const TemporaryFolder folder;
  save_safetensors(folder / "<t1>.safetensors", {{"emb_params", torch::ones({2, 4})}});
  save_safetensors(folder / "style.safetensors", {{"emb_params", torch::ones({4})}});
  save_safetensors(folder / "other.safetensors", {{"weight", torch::ones({4})}});
  const auto found = read_learned_embeddings(folder.path);
  REQUIRE(found.size() == 2);
  REQUIRE(found[0].token == "<t1>");
  REQUIRE(found[0].rows.size(0) == 2);
  REQUIRE(found[1].token == "style");
  REQUIRE(read_learned_embedding(folder / "<t1>.safetensors", "<mine>").token == "<mine>");
  save_safetensors(folder / "xl.safetensors", {{"clip_l", torch::ones({4})}, {"clip_g", torch::ones({4})}});
  REQUIRE_THROWS_WITH(read_learned_embedding(folder / "xl.safetensors"), ContainsSubstring("Stable Diffusion XL"));
}

TEST_CASE("An embedding that is not finite is neither read nor written", "[adapter][textual-inversion]") {
  const TemporaryFolder folder;
  auto tok = tokenizer();
  const TokenRows rows(tok, {{"<bad>", torch::full({1, 4}, NAN)}});
  REQUIRE_THROWS_WITH(rows.save(folder.path), ContainsSubstring("the tensor '<bad>' holds a NaN"));
  REQUIRE(folder.entries() == 0);
  save_safetensors(folder / "<bad>.safetensors", {{"<bad>", torch::full({4}, INFINITY)}});
  REQUIRE_THROWS_WITH(read_learned_embeddings(folder.path),
                      ContainsSubstring("<bad>.safetensors: the tensor '<bad>' holds an infinity"));
}

TEST_CASE("A tokenizer that knows more tokens than the table has rows is refused with both numbers",
          "[adapter][textual-inversion]") {
  auto tok = tokenizer();
  const std::int64_t known = tok.size();
  const TokenRows tokens(tok, {{"<new1>", numbers("rows", {1, 6})}});
  REQUIRE_THROWS_WITH(
      tokens.embed(numbers("table", {known - 1, 6}), torch::tensor({{std::int64_t{0}}})),
      ContainsSubstring(c10::str("the tokenizer has ", known, " tokens, the text encoder ", known - 1, " rows")));
}
