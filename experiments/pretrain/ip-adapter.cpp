// pretrain-ip-adapter: a picture as a prompt, for the baseline.
#include <opad/pretrain/ip_adapter.hpp>

int main(int argc, char** argv) { return opad::pretrain<opad::IpAdapterPretraining>(argc, argv); }
