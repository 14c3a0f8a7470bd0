#pragma once
#include <opad/core/concepts.hpp>
#include <opad/space/features.hpp>
