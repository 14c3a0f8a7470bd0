#include <opad/experiment/run/guarded_main.hpp>

#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>

#include "support/catch.hpp"

using namespace opad;
namespace {

template <class Exception>
Failure said(const Exception& exception) {
  return failure_of(std::make_exception_ptr(exception));
}

}  // namespace

TEST_CASE("What the machine refuses is no internal error", "[experiment][guarded-main]") {
  const auto no_thread = std::make_error_code(std::errc::resource_unavailable_try_again);
  for (const Failure& failure :
       {said(std::bad_alloc()), said(std::system_error(no_thread)),
        said(std::filesystem::filesystem_error("rename", "runs/a", std::make_error_code(std::errc::io_error))),
        said(std::runtime_error("could not create a primitive"))}) {  // oneDNN, out of memory
    INFO(failure.text);
    REQUIRE(failure.code == exit_code::refused);
    REQUIRE_THAT(failure.text, !ContainsSubstring("internal error"));
    REQUIRE(failure.text.find('\n') == std::string::npos);
  }
  REQUIRE_THAT(said(std::system_error(no_thread)).text, ContainsSubstring(no_thread.message()));
}

TEST_CASE("What nobody has foreseen is an internal error", "[experiment][guarded-main]") {
  const Failure failure = said(std::logic_error("strange"));
  REQUIRE(failure.code == exit_code::internal_error);
  REQUIRE(failure.text == "internal error: strange");
}
