// pretrain-clip: the identity encoder, or the evaluation's CLIP.
#include <opad/pretrain/clip.hpp>

int main(int argc, char** argv) { return opad::pretrain<opad::ClipPretraining>(argc, argv); }
