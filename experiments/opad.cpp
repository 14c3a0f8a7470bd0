// opad: the method itself. Personalises a one-step model from a folder of photographs.
#include <opad/opad.hpp>

int main(int argc, char** argv) { return opad::run<opad::Default>(argc, argv); }
