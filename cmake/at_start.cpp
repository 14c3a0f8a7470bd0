// Memory can run out while LibTorch's libraries are initialised, before main and before anything could be caught. What
// stands in .preinit_array runs before them.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>

namespace {

[[noreturn]] void quit() {
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    constexpr char text[] =
        "memory ran out before the program began: LibTorch alone takes 600 MB of address space (see ulimit -v)\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(2);
  } catch (...) {}
  std::abort();
}

void at_start(int, char**, char**) { std::set_terminate(quit); }

[[gnu::section(".preinit_array"), gnu::used]] void (*const before_libraries)(int, char**, char**) = at_start;

}  // namespace
