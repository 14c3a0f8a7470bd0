// pretrain-teacher: the mini world's multi-step model, U-Net and text encoder.
#include <opad/pretrain/teacher.hpp>

int main(int argc, char** argv) { return opad::pretrain<opad::TeacherPretraining>(argc, argv); }
