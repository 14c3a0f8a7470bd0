// opad: personalises a one-step model from a folder of photographs. Teacher and student learn together; the second
// stage, where the student's pictures join, is the coupling Collaborative (presets --recipe paper).
#include <opad/opad.hpp>

int main(int argc, char** argv) { return opad::run<opad::Default>(argc, argv); }
