// pretrain-vae: the mini world's picture autoencoder.
#include <opad/pretrain/vae.hpp>

int main(int argc, char** argv) { return opad::pretrain<opad::VaePretraining>(argc, argv); }
