// pretrain-student: the mini world's one-step model, distilled from its teacher.
#include <opad/pretrain/student.hpp>

int main(int argc, char** argv) { return opad::pretrain<opad::StudentPretraining>(argc, argv); }
