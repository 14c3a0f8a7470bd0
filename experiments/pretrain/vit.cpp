// pretrain-vit: a vision transformer of DINO's layout.
#include <opad/pretrain/encoders.hpp>

int main(int argc, char** argv) { return opad::pretrain<opad::VitPretraining>(argc, argv); }
