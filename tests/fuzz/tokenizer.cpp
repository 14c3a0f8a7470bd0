// The tokenizer: any bytes as a prompt. Every id must be one of the vocabulary, and the start and end tokens in their
// places.
#include <opad/text/clip_tokenizer.hpp>

#include "fuzz.hpp"

namespace {

const opad::ClipTokenizer& tokenizer() {
  static const opad::ClipTokenizer loaded = [] {
    auto t = opad::ClipTokenizer::from_pretrained(OPAD_SOURCE_DIR "/tests/golden/tokenizer_small/model");
    t.add_token("<fuzz>");
    return t;
  }();
  return loaded;
}

void read(std::string_view text) {
  const auto ids = tokenizer().encode(text);
  if (ids.size() < 2 || ids.front() != tokenizer().bos_token_id() || ids.back() != tokenizer().eos_token_id())
    std::abort();
  for (const auto id : ids)
    if (id < 0 || id >= tokenizer().size()) std::abort();
}

}  // namespace

OPAD_FUZZ_TARGET(read)
