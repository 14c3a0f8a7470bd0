#pragma once
/// Catch2 2.13 or 3, beside LibTorch, whose logging header defines CHECK too. Include this after everything of opad and
/// torch.
#include <c10/util/Logging.h>
#undef CHECK
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
using Catch::Matchers::Contains;
inline auto ContainsSubstring(const std::string& text) { return Contains(text); }
#endif
