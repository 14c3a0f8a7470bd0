#pragma once

/// OPAD_ONCE stands where `inline` would, before heavy functions that are no templates: they can be compiled once, into
/// a library, in place of once in every program. Who uses the headers alone need not know; this repository's programs
/// and tests link the library, which takes in every header with this word (cmake/opad-experiment.cmake).
///   nothing defined         the headers suffice: `inline`
///   OPAD_COMPILED           the program links the library, which has the function: read here, not compiled. Without
///                           optimisation only: the compiler inlines what it may not compile, the larger the worse, and
///                           there is `inline` again
///   OPAD_COMPILED_LIBRARY   the library itself: compiled, though nothing calls it
#if defined(OPAD_COMPILED_LIBRARY)
#define OPAD_ONCE inline __attribute__((used))
#elif defined(OPAD_COMPILED) && !defined(__OPTIMIZE__)
#define OPAD_ONCE inline __attribute__((gnu_inline))
#define OPAD_COMPILED_ELSEWHERE
#else
#define OPAD_ONCE inline
#endif
