#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <set>
#include <system_error>
#include <thread>

#include <opad/data/concept_dataset.hpp>

#include "support/catch.hpp"

using namespace opad;

namespace {

/// A concept whose pictures are of one grey each, so that they are known again: no resize changes them.
ConceptData greys(std::vector<int> values, const std::string& prompt, std::vector<int> class_values = {}) {
  ConceptData data{.pictures = {},
                   .instance_prompt = prompt,
                   .class_pictures = {},
                   .class_prompt = class_values.empty() ? "" : "dog"};
  for (const int value : values) data.pictures.push_back(torch::full({10, 12, 3}, value, torch::kUInt8));
  for (const int value : class_values) data.class_pictures.push_back(torch::full({12, 10, 3}, value, torch::kUInt8));
  return data;
}

DatasetOptions small_options(bool augmented = true) {
  DatasetOptions options{.resolution = 32, .vae_factor = 4, .augmentation = {}};
  options.augmentation.enabled = augmented;
  return options;
}

bool equal(const Batch& a, const Batch& b) {
  return at::equal(a.images, b.images) && at::equal(a.mask, b.mask) && a.prompts == b.prompts;
}

int grey_of(const Tensor& image) { return static_cast<int>(std::lround((image.max().item<double>() + 1) * 127.5)); }

}  // namespace

TEST_CASE("Every picture meets every prompt once in each epoch", "[data][dataset]") {
  const ConceptDataset data(greys({200, 210, 220}, "<new1> dog"), small_options(false), Random(1));
  REQUIRE(data.size() == 3 * 27);
  std::vector<std::pair<int, std::string>> sequence;
  for (std::int64_t k = 0; k < 54; ++k) {  // two epochs in batches of 3
    const Batch batch = data.batch(k, 3);
    REQUIRE(batch.images.sizes() == at::IntArrayRef({3, 3, 32, 32}));
    REQUIRE(batch.mask.sizes() == at::IntArrayRef({3, 1, 8, 8}));
    for (int i = 0; i < 3; ++i) sequence.emplace_back(grey_of(batch.images[i]), batch.prompts[i]);
  }
  const std::vector first(sequence.begin(), sequence.begin() + 81), second(sequence.begin() + 81, sequence.end());
  REQUIRE(std::set(first.begin(), first.end()).size() == 81);
  REQUIRE(std::set(second.begin(), second.end()) == std::set(first.begin(), first.end()));
  REQUIRE(first != second);  // shuffled anew
}

TEST_CASE("A batch depends on seed and number only", "[data][dataset]") {
  const ConceptDataset data(greys({200, 210, 220}, "<new1> dog"), small_options(), Random(1));
  std::map<std::int64_t, Batch> forward;
  for (std::int64_t k = 0; k < 40; ++k) forward[k] = data.batch(k, 4);
  SECTION("asked for in any order") {
    for (const std::int64_t k : {39, 3, 17, 3, 0, 25}) REQUIRE(equal(data.batch(k, 4), forward[k]));
  }
  SECTION("by another data set of the same seed, as after a resume") {
    const ConceptDataset again(greys({200, 210, 220}, "<new1> dog"), small_options(), Random(1));
    REQUIRE(equal(again.batch(31, 4), forward[31]));
  }
  SECTION("by several threads at once") {
    std::vector<char> ok(4);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        ok[t] = true;
        for (std::int64_t k = t; k < 40; k += 4) ok[t] = ok[t] && equal(data.batch(k, 4), forward[k]);
      });
    threads.clear();
    REQUIRE(std::count(ok.begin(), ok.end(), 1) == 4);
  }
  SECTION("with a background thread ahead") {
    Prefetch ahead(data, 4);
    for (const std::int64_t k : {0, 1, 2, 30, 31, 5, 6}) REQUIRE(equal(ahead.batch(k), forward[k]));
  }
  SECTION("where the system has no memory for a thread's stack") {
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    REQUIRE(statm >> pages);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_AS, &before) == 0);
    const rlimit tight{pages * static_cast<rlim_t>(::sysconf(_SC_PAGE_SIZE)) + (256 << 20), before.rlim_max};
    pthread_attr_t usual, large;  // a stack that no thread of before has left
    REQUIRE(::pthread_getattr_default_np(&usual) == 0);
    REQUIRE(::pthread_attr_init(&large) == 0);
    REQUIRE(::pthread_attr_setstacksize(&large, std::size_t{1} << 30) == 0);
    Prefetch ahead(data, 4);
    ::pthread_setattr_default_np(&large), ::setrlimit(RLIMIT_AS, &tight);
    std::string thread = "started", failure = "none";
    std::vector<Batch> batches;
    try {
      std::jthread([] {});
    } catch (const std::system_error&) { thread = "refused"; }
    try {
      for (const std::int64_t k : {0, 1, 2}) batches.push_back(ahead.batch(k));
    } catch (const std::exception& error) { failure = error.what(); }
    ::setrlimit(RLIMIT_AS, &before), ::pthread_setattr_default_np(&usual);
    REQUIRE(thread == "refused");
    REQUIRE(failure == "none");
    for (std::size_t k = 0; k < batches.size(); ++k) REQUIRE(equal(batches[k], forward[k]));
  }
  SECTION("grouped in any batch size") {
    const Batch large = data.batch(2, 8);
    REQUIRE(at::equal(large.images.slice(0, 0, 4), forward[4].images));
    REQUIRE(at::equal(large.images.slice(0, 4, 8), forward[5].images));
  }
  SECTION("and another seed gives other batches") {
    const ConceptDataset other(greys({200, 210, 220}, "<new1> dog"), small_options(), Random(2));
    REQUIRE_FALSE(equal(other.batch(0, 4), forward[0]));
  }
}

TEST_CASE("Processes share the items of an iteration", "[data][dataset]") {
  auto options = small_options();
  const ConceptDataset whole(greys({200, 210}, "<new1> dog"), options, Random(1));
  options.world_size = 2;
  for (std::int64_t rank = 0; rank < 2; ++rank) {
    options.rank = rank;
    const ConceptDataset part(greys({200, 210}, "<new1> dog"), options, Random(1, static_cast<std::uint64_t>(rank)));
    const Batch batch = part.batch(3, 2), all = whole.batch(3, 4);
    REQUIRE(at::equal(batch.images, all.images.slice(0, 2 * rank, 2 * rank + 2)));
    REQUIRE(batch.prompts == std::vector(all.prompts.begin() + 2 * rank, all.prompts.begin() + 2 * rank + 2));
  }
}

TEST_CASE("Several concepts share a data set, each with its own prompt", "[data][dataset]") {
  const ConceptDataset data({greys({200}, "<new1> dog"), greys({220, 230}, "<new2> cat")}, small_options(false),
                            Random(4));
  REQUIRE(data.size() == 3 * 27);
  const Batch batch = data.batch(0, 81);
  int dogs = 0;
  for (int i = 0; i < 81; ++i) {
    const bool dog = batch.prompts[i].ends_with("<new1> dog");
    dogs += dog;
    REQUIRE((dog || batch.prompts[i].ends_with("<new2> cat")));
    REQUIRE((grey_of(batch.images[i]) == 200) == dog);
  }
  REQUIRE(dogs == 27);
}

TEST_CASE("Class pictures are appended after those of the concept", "[data][dataset]") {
  const ConceptDataset data(greys({200, 210}, "<new1> dog", {150, 160, 170}), small_options(), Random(1));
  std::multiset<int> seen;
  for (std::int64_t k = 0; k < 3; ++k) {
    const Batch batch = data.batch(k, 2);
    REQUIRE(batch.images.sizes() == at::IntArrayRef({4, 3, 32, 32}));
    REQUIRE(batch.priors == 2);
    for (int i = 0; i < 2; ++i) REQUIRE(batch.prompts[i].find("<new1>") != std::string::npos);
    for (int i = 2; i < 4; ++i) {
      REQUIRE(batch.prompts[i] == "dog");
      REQUIRE(batch.mask[i].eq(1).all().item<bool>());
      seen.insert(grey_of(batch.images[i]));
    }
  }
  REQUIRE(seen == std::multiset{150, 150, 160, 160, 170, 170});  // two epochs of three
}

TEST_CASE("Prior preservation changes nothing about the concept's own examples", "[data][dataset]") {
  const ConceptDataset with(greys({200, 210}, "<new1> dog", {150}), small_options(), Random(1));
  const ConceptDataset without(greys({200, 210}, "<new1> dog"), small_options(), Random(1));
  REQUIRE(at::equal(with.batch(5, 2).images.slice(0, 0, 2), without.batch(5, 2).images));
}

TEST_CASE("Data that cannot be trained on is refused with what to do", "[data][dataset]") {
  const Random random(1);
  REQUIRE_THROWS_WITH(ConceptDataset(std::vector<ConceptData>{}, small_options(), random),
                      ContainsSubstring("at least one folder"));
  REQUIRE_THROWS_WITH(ConceptDataset(greys({}, "<new1> dog"), small_options(), random),
                      ContainsSubstring("no picture of '<new1> dog'"));
  REQUIRE_THROWS_WITH(ConceptDataset(greys({1}, ""), small_options(), random),
                      ContainsSubstring("instance prompt is empty"));
  auto no_class_prompt = greys({1}, "<new1> dog", {2});
  no_class_prompt.class_prompt = "";
  REQUIRE_THROWS_WITH(ConceptDataset(no_class_prompt, small_options(), random), ContainsSubstring("no class prompt"));
  auto options = small_options();
  options.resolution = 8;
  REQUIRE_THROWS_AS(ConceptDataset(greys({1}, "<new1> dog"), options, random), opad::Error);
  REQUIRE_THROWS_AS(ConceptDataset(greys({1}, "<new1> dog"), small_options(), random).batch(-1, 2), opad::Error);
  REQUIRE_THROWS_AS(ConceptDataset(greys({1}, "<new1> dog"), small_options(), random).batch(0, 0), opad::Error);
}

TEST_CASE("Photographs of a folder become batches", "[data][dataset]") {
  const ConceptDataset data(read_concept(OPAD_SOURCE_DIR "/data/photos/cat", "<new1> cat"), {.resolution = 64},
                            Random(1));
  REQUIRE(data.size() == 5 * 25);
  const Batch batch = data.batch(0, 2);
  REQUIRE(batch.images.sizes() == at::IntArrayRef({2, 3, 64, 64}));
  REQUIRE(batch.images.abs().max().item<double>() <= 1);
  REQUIRE(batch.mask.flatten(1).sum(1).gt(0).all().item<bool>());
}
