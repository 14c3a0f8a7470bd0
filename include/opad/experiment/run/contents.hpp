#pragma once
#include <string>

#include <opad/experiment/run/concepts.hpp>
#include <opad/io/json.hpp>
#include <opad/train/world.hpp>

namespace opad {

/// By what a run knows the pictures and models that it learns from, wherever they lie, and what the last digits of sums
/// depend on: the number of CPU threads, and a memory format and an MKL dispatch that are not the usual ones:
///   {"threads": 2, "memory-format": "channels-last", "mkl-dispatch": "instructions",
///    "instance-data": [{"files": ["01.png"], "xxh3-64": ["..."]}], "class-data": [...],
///    "models": {"teacher": "...", "student": "...", "text encoder": "...", "vae": "...", "tokenizer": "...", "dino":
///    "..."}}
/// Beside "files" stand "captions" and "masks" where there are any: digests, "" for a picture that has none.
/// A model's digest is that of its parameters as they were loaded, whose bytes the check for NaNs has just read, and of
/// its configs. So no file is read twice, and none that is not used.
Json contents_of(const RunSettings& settings, const PartsRecord& parts, const World& world,
                 const std::map<std::string, std::string>& encoders, const RunConcepts& concepts);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/run/detail/contents.hpp>
#endif
