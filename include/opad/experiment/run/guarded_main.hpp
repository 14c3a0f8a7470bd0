#pragma once
#include <torch/types.h>

#include <exception>
#include <functional>
#include <string>

#include <opad/core/error.hpp>
#include <opad/core/once.hpp>
#include <opad/experiment/options/exit_codes.hpp>

namespace opad {

/// What an exception says to a user, in one line, and the program's exit code for it. The only place that translates:
/// exceptions of opad, of the file system, the allocator, JSON, the devices, LibTorch.
struct Failure {
  std::string text;
  int code = exit_code::internal_error;
};
/// The failure that an exception is.
Failure failure_of(const std::exception_ptr& exception);

/// Runs a program's body and turns what it throws into one line and an exit code (experiment/options/exit_codes.hpp).
/// Standard input, output and error that were closed when the program started are /dev/null from here on: else the
/// first files that it opens would take their numbers, and what is printed would land in them. A rank that is not the
/// first says which one it is.
int guarded_main(const std::string& program, const std::function<int()>& body);

/// The device that an option names. Throws for what is none, and for one that this LibTorch or this machine lacks.
torch::Device parse_device(const std::string& text);

}  // namespace opad

#ifndef OPAD_COMPILED_ELSEWHERE
#include <opad/experiment/run/detail/guarded_main.hpp>
#endif
