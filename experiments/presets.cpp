// presets: the method as published, and the released trainer to the letter.
//   presets --recipe release --instance-data data/photos/cat --instance-prompt "<new1> cat" --output runs/release
#include <opad/opad.hpp>

using namespace opad;

int main(int argc, char** argv) { return run_one_of(hana::tuple_t<Paper, Release>, argc, argv); }
