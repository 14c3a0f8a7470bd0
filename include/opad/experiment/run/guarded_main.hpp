#pragma once
#include <ATen/Context.h>
#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <new>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/ranks/ranks.hpp>

namespace opad {

/// Runs a program's body and turns what it throws into one line and an exit code: 2 for bad usage or input, 1 for
/// anything else. A rank that is not the first says which one it is.
OPAD_ONCE int guarded_main(const std::string& name, const std::function<int()>& body) {
  const std::string program = name + rank_mark();
  try {
    return body();
  } catch (const Error& error) {
    std::cerr << program << ": " << error.what() << std::endl;
    return 2;
  } catch (const std::filesystem::filesystem_error& error) {
    std::cerr << program << ": " << error.path1().string() << ": " << error.code().message() << std::endl;
    return 2;
  } catch (const std::bad_alloc&) {
    std::cerr << program << ": memory ran out; give a smaller batch, smaller pictures or another machine" << std::endl;
    return 2;
  } catch (const RankLost& lost) {
    std::cerr << program << ": " << lost.what() << std::endl;
    return 1;
  } catch (const c10::Error& error) {
    std::cerr << program << ": internal error: " << error.what_without_backtrace() << std::endl;
    return 1;
  } catch (const std::exception& error) {
    std::cerr << program << ": internal error: " << error.what() << std::endl;
    return 1;
  }
}

/// The device that an option names. Throws for what is none, and for a GPU that this LibTorch does not see.
OPAD_ONCE torch::Device parse_device(const std::string& text) {
  try {
    const torch::Device device(text);
    require(!device.is_cuda() || at::hasCUDA(), "--device ", text,
            ": this LibTorch sees no CUDA device; give --device cpu");
    return device;
  } catch (const c10::Error&) { fail("--device ", text, " is not a device; give cpu, cuda or cuda:1"); }
}

}  // namespace opad
