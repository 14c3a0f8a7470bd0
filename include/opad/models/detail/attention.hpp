#pragma once
#include <opad/models/attention.hpp>

namespace opad {

OPAD_ONCE Attention::Attention(std::int64_t query_dim, std::int64_t cross_dim, std::int64_t heads_,
                               std::int64_t inner_dim, bool bias)
    : heads(heads_),
      to_q(register_module("to_q", std::make_shared<LinearLayer>(query_dim, inner_dim, bias))),
      to_k(register_module("to_k", std::make_shared<LinearLayer>(cross_dim, inner_dim, bias))),
      to_v(register_module("to_v", std::make_shared<LinearLayer>(cross_dim, inner_dim, bias))) {
  auto out = register_module("to_out", std::make_shared<ModuleList<LinearLayer>>());
  out->emplace(inner_dim, query_dim);
  to_out = out->items[0];
}

OPAD_ONCE Tensor Attention::forward(const Tensor& hidden_states, const Tensor& encoder_hidden_states) {
  if (processor_) return (*processor_)(*this, hidden_states, encoder_hidden_states);
  return to_out->forward(attend(to_q->forward(hidden_states), to_k->forward(encoder_hidden_states),
                                to_v->forward(encoder_hidden_states), heads));
}

}  // namespace opad
