// pretrain-tokenizer: the mini world's tokenizer, one token for each word of its captions and prompts.
#include <opad/experiment/options/options.hpp>
#include <opad/experiment/run/guarded_main.hpp>
#include <opad/pretrain/mini_world.hpp>
#include <opad/pretrain/sprite_batch.hpp>
#include <opad/text/word_tokenizer.hpp>

int main(int argc, char** argv) {
  return opad::guarded_main("pretrain-tokenizer", [&] {
    std::filesystem::path models;
    opad::Options options("pretrain-tokenizer",
                          "Makes the mini world's tokenizer: one token for each word of its captions and prompts.");
    options.bind_value("models", models, "folder of the world under construction");
    if (!options.parse(argc, argv)) return 0;
    opad::require(!models.empty(), "--models is missing; give the folder of the world under construction");
    std::cout << opad::save_word_tokenizer(models / "teacher" / "tokenizer", opad::sprite_vocabulary(),
                                           opad::mini_context)
              << " tokens\n";
    return 0;
  });
}
