// CLIPTextModel: states, pooled state, gradient of the token table.
#include <opad/models/clip_text_model.hpp>

#include "parity.hpp"

namespace {

using opad::Tensor;

void run(const parity::Case& c, parity::Report& report) {
  const auto model = opad::CLIPTextModel::from_pretrained(c.folder / "model");
  Tensor table = model->token_table().requires_grad_();
  const Tensor ids = c.at("in.input_ids"), embeddings = model->token_embedding(ids), states = model->encode(embeddings);
  report.tensor("out.last_hidden_state", states);
  report.tensor("out.pooler_output", model->pooled(states, ids));
  report.tensor("act.embeddings",
                embeddings + model->text_model->embeddings->position_embedding->weight.narrow(0, 0, ids.size(1)));
  (states * c.at("in.grad_output")).sum().backward();
  report.tensor("grad.token_embedding", table.grad());
}

const parity::Family family{"clip_text", run};

}  // namespace
