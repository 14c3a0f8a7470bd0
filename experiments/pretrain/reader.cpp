// pretrain-reader: the attribute reader of the evaluation.
#include <opad/pretrain/encoders.hpp>

int main(int argc, char** argv) { return opad::pretrain<opad::ReaderPretraining>(argc, argv); }
