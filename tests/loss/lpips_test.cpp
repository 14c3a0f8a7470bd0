#include <opad/loss/lpips.hpp>

#include "laws/loss_term.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace opad;

namespace {

std::shared_ptr<LpipsNetwork> random_network(LpipsNetwork::Trunk trunk) {
  auto network = std::make_shared<LpipsNetwork>(trunk);
  torch::NoGradGuard no_grad;
  for (auto& item : network->named_parameters()) {
    if (item.key().starts_with("scaling_layer")) continue;
    Tensor value = item.value();
    value.copy_(Random(3).stream(item.key()).normal(value.sizes()) / std::sqrt(static_cast<double>(value[0].numel())));
    if (item.key().starts_with("lin")) value.abs_();
  }
  return network;
}

Tensors weights(const LpipsNetwork& network) {
  Tensors tensors;
  for (const auto& item : network.named_parameters()) tensors[item.key()] = item.value().clone();
  return tensors;
}

Tensor pictures(const char* name) { return Random(4).stream(name).uniform({2, 3, 40, 33}) * 2 - 1; }

}  // namespace

TEST_CASE("LPIPS is a distance with a gradient, with either trunk", "[loss][lpips]") {
  for (const auto trunk : {LpipsNetwork::Trunk::AlexNet, LpipsNetwork::Trunk::Vgg16}) {
    const auto network = random_network(trunk);
    network->to(torch::kFloat64);
    laws::distance([&](const Tensor& x, const Tensor& y) { return network->distance(x, y); }, {2, 3, 32, 35});
  }
}

TEST_CASE("LPIPS is symmetric, and the loss in its space is the same number", "[loss][lpips]") {
  const auto network = random_network(LpipsNetwork::Trunk::AlexNet);
  const Tensor x = pictures("x"), y = pictures("y"), distance = network->distance(x, y);
  REQUIRE(at::allclose(distance, network->distance(y, x), 1e-6));
  REQUIRE(at::allclose(distance, Lpips{}(network->embed(x), network->embed(y))));
  REQUIRE(at::allclose(distance, network->distance((x + 1) / 2, (y + 1) / 2, true), 1e-4));
  laws::loss_term(Lpips{}, {2, 10});
}

TEST_CASE("LPIPS by its definition: weighted squares of unit features, averaged over positions", "[loss][lpips]") {
  const auto network = random_network(LpipsNetwork::Trunk::AlexNet);
  const Tensor x = pictures("x"), y = pictures("y");
  const auto fx = network->features(x), fy = network->features(y);
  const auto tensors = weights(*network);
  Tensor sum = torch::zeros({2});
  for (std::size_t i = 0; i < fx.size(); ++i) {
    const Tensor difference = fx[i] / fx[i].norm(2, 1, true) - fy[i] / fy[i].norm(2, 1, true);
    sum += (difference.square() * tensors.at(c10::str("lin", i, ".model.1.weight"))).sum(1).mean({1, 2});
  }
  REQUIRE(at::allclose(network->distance(x, y), sum, 1e-4));
}

TEST_CASE("where every activation is zero the distance is zero and its gradient finite", "[loss][lpips]") {
  const auto network = random_network(LpipsNetwork::Trunk::AlexNet);
  torch::NoGradGuard no_grad;
  for (auto& item : network->named_parameters())
    if (item.key().ends_with("bias")) item.value().fill_(-1e6);
  at::AutoGradMode gradients(true);
  const Tensor x = pictures("x").requires_grad_();
  const Tensor distance = network->distance(x, pictures("y"));
  distance.sum().backward();
  REQUIRE(distance.abs().max().item<float>() == 0);
  REQUIRE(x.grad().abs().max().item<float>() == 0);
}

TEST_CASE("a file tells its trunk; half precision, doubled heads and missing colour scales are read",
          "[models][lpips]") {
  const TemporaryFolder folder;
  for (const auto trunk : {LpipsNetwork::Trunk::AlexNet, LpipsNetwork::Trunk::Vgg16}) {
    const auto network = random_network(trunk);
    auto tensors = weights(*network);
    tensors.erase("scaling_layer.shift"), tensors.erase("scaling_layer.scale");
    tensors["lins.0.model.1.weight"] = tensors.at("lin0.model.1.weight");
    save_safetensors(folder.path / "model.safetensors", tensors);
    const Tensor x = pictures("x"), y = pictures("y"), want = network->distance(x, y);
    REQUIRE(LpipsNetwork::from_pretrained(folder.path)->distance(x, y).equal(want));
    REQUIRE(LpipsNetwork::from_pretrained(folder.path / "model.safetensors")->distance(x, y).equal(want));
    for (auto& [name, tensor] : tensors) tensor = tensor.to(torch::kFloat16);
    save_safetensors(folder.path / "model.safetensors", tensors);
    REQUIRE(at::allclose(LpipsNetwork::from_pretrained(folder.path)->distance(x, y), want, 1e-2));
  }
}

TEST_CASE("LPIPS refuses pictures that are too small and files that are none of its own", "[models][lpips]") {
  const auto network = random_network(LpipsNetwork::Trunk::AlexNet);
  REQUIRE_THROWS_WITH(network->embed(torch::zeros({1, 3, 30, 64})), ContainsSubstring("at least 31"));
  REQUIRE(network->embed(torch::zeros({1, 3, 31, 31})).size(0) == 1);
  REQUIRE_THROWS_AS(network->distance(torch::zeros({1, 3, 40, 40}), torch::zeros({2, 3, 40, 40})), Error);

  const TemporaryFolder folder;
  auto tensors = weights(*network);
  tensors.at("lin2.model.1.weight")[0][5] = -0.1;
  save_safetensors(folder.path / "model.safetensors", tensors);
  REQUIRE_THROWS_WITH(LpipsNetwork::from_pretrained(folder.path), ContainsSubstring("negative"));
  tensors.erase("net.slice3.6.weight");
  save_safetensors(folder.path / "model.safetensors", tensors);
  REQUIRE_THROWS_WITH(LpipsNetwork::from_pretrained(folder.path), ContainsSubstring("net.slice3.6.weight"));
}
