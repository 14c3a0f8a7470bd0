#pragma once
#include <ATen/Functions.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <typeinfo>

#include <opad/experiment/run/guarded_main.hpp>
#include <opad/ranks/ranks.hpp>
#include <opad/train/divergence.hpp>

namespace opad {

namespace detail {

/// LibTorch's own words without the lines about where in its source they come from.
inline std::string first_line(std::string text) {
  text.resize(std::min(text.size(), text.find('\n')));
  return text;
}

inline bool says(const std::string& text, std::initializer_list<std::string_view> any) {
  return std::any_of(any.begin(), any.end(), [&](const auto part) { return text.find(part) != text.npos; });
}

OPAD_ONCE Failure failure_of_libtorch(const c10::Error& error) {
  const std::string text = first_line(error.what_without_backtrace());
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) || says(text, {"can't allocate memory", "out of memory"})) {
    const auto wanted = text.find("you tried to allocate "), bytes = text.find(" bytes", wanted);
    const std::string what =
        wanted == text.npos ? "" : ": " + text.substr(wanted + 22, bytes - wanted - 16) + " wanted";
    return {"memory ran out" + what + "; give a smaller batch, smaller pictures or another machine",
            exit_code::refused};
  }
  if (says(text,
           {"not linked with support for", "CUDA error", "CUDA driver", "NVIDIA", "cudaError", "not compiled with"}))
    return {"the device failed: " + text + "; give another --device", exit_code::refused};
  return {"internal error: " + text, exit_code::internal_error};
}

/// A message with a value of many megabytes in it keeps its beginning, which says what and where, and its end, which
/// says what to do.
inline std::string shortened(const std::string& text) {
  constexpr std::size_t most = 4000, head = 300, tail = 300;
  if (text.size() <= most) return text;
  const auto whole = [&](std::size_t at) {  // not in the middle of a character
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    return at;
  };
  return c10::str(text.substr(0, whole(head)), " [... ", text.size(), " bytes ...] ",
                  text.substr(whole(text.size() - tail)));
}

inline void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF)  // the lowest free number is this one
        [[maybe_unused]]
      const int file = ::open("/dev/null", stream == STDIN_FILENO ? O_RDONLY : O_WRONLY);
}

/// For exceptions that nobody can catch, such as memory that runs out while a thread is made.
[[noreturn]] inline void quit() {
  const Failure failure = std::current_exception() ? failure_of(std::current_exception()) : Failure{"internal error"};
  std::cerr << failure.text << std::endl;
  ::_exit(failure.code);
}

}  // namespace detail

OPAD_ONCE Failure failure_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Diverged& error) { return {error.what(), exit_code::diverged}; } catch (const RankLost& error) {
    return {error.what(), exit_code::internal_error};
  } catch (const Error& error) {
    return {detail::shortened(error.what()), exit_code::refused};
  } catch (const std::filesystem::filesystem_error& error) {
    return {c10::str(error.path1().string(), ": ", error.code().message()), exit_code::refused};
  } catch (const std::bad_alloc&) {
    return {"memory ran out; give a smaller batch, smaller pictures or another machine", exit_code::refused};
  } catch (const nlohmann::json::exception& error) {  // "[json.exception.type_error.302] type must be ..."
    const std::string_view text = error.what();
    return {c10::str("a JSON file is not as it should be: ", text.substr(std::min(text.size(), text.find(']') + 2))),
            exit_code::refused};
  } catch (const c10::Error& error) {
    return detail::failure_of_libtorch(error);
  } catch (const std::system_error& error) {  // a thread, a lock
    return {c10::str("the system refused: ", error.code().message(), "; see its limits (ulimit -a)"),
            exit_code::refused};
  } catch (const std::exception& error) {
    if (detail::says(error.what(), {"could not create a primitive", "could not create a memory object"}))  // oneDNN's
      return {"memory ran out inside a layer; give a smaller batch, smaller pictures or another machine",
              exit_code::refused};
    return {c10::str("internal error: ", error.what()), exit_code::internal_error};
  } catch (...) { return {"internal error", exit_code::internal_error}; }
}

OPAD_ONCE int guarded_main(const std::string& program, const std::function<int()>& body) {
  detail::open_standard_streams();
  std::set_terminate(detail::quit);
  try {
    return body();
  } catch (...) {
    const Failure failure = failure_of(std::current_exception());
    std::cerr << program << rank_mark() << ": " << failure.text << std::endl;
    return failure.code;
  }
}

OPAD_ONCE torch::Device parse_device(const std::string& text) {
  std::optional<torch::Device> device;
  try {
    device.emplace(text);
  } catch (const c10::Error&) {}
  if (!device || device->type() == torch::kMeta) fail("--device ", text, " is not a device; give cpu, cuda or cuda:1");
  try {
    at::ones({1}, *device).item<float>();
  } catch (const std::exception& error) {
    const auto* const own = dynamic_cast<const c10::Error*>(&error);
    const std::string reason = detail::first_line(own ? own->what_without_backtrace() : error.what());
    const bool unknown = detail::says(reason, {"Could not run", "not linked", "not compiled", "not enabled"});
    fail("--device ", text, ": cannot be used here (", unknown ? "this LibTorch was built without it" : reason,
         "); give --device cpu");
  }
  return *device;
}

}  // namespace opad
