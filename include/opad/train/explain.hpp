#pragma once
#include <opad/core/shapes.hpp>
#include <opad/train/trainer.hpp>

namespace opad {

/// What one kind of iteration costs: who moves in it, the passes through each network, and the gradients that ranks
/// sum.
struct Cost {
  Moves moves;
  std::map<std::string, Passes::Count> passes;
  std::int64_t exchanged = 0;  // bytes
  std::int64_t working = 0;    // bytes that come and go; known of a world on shapes alone (core/shapes.hpp)
};

/// "teacher, student, critics"
OPAD_ONCE std::string names_of(const Moves& moves) {
  return c10::str(moves.teacher ? "teacher" : "", moves.teacher && moves.student ? ", " : "",
                  moves.student ? "student" : "", moves.student && moves.critics ? ", critics" : "");
}

/// The cost of every kind of iteration that a trainer's coupling has, counted by running one of each on a batch
/// (repeated for the micro-steps). The trainer has been trained on it then.
OPAD_ONCE std::vector<Cost> explain(Trainer& trainer, World& world, const Batch& batch, const TrainerOptions& options) {
  std::vector<Cost> costs;
  for (std::int64_t iteration = 0; iteration < options.steps; ++iteration) {
    Moves moves = trainer.method().coupling(iteration, options.steps);
    moves.student_age = 0;
    if (std::any_of(costs.begin(), costs.end(), [&](const Cost& cost) { return cost.moves == moves; })) continue;
    world.networks.passes().clear();
    const std::int64_t before = shapes::bytes().now;
    shapes::forget_most();
    trainer.iterate(iteration, std::vector<Batch>(static_cast<std::size_t>(options.accumulation), batch));
    costs.push_back(
        {moves, world.networks.passes().counts(), trainer.exchanged_bytes(moves), shapes::bytes().most - before});
  }
  return costs;
}

/// As a table for people.
OPAD_ONCE std::string to_text(const std::vector<Cost>& costs) {
  std::string text;
  for (const Cost& cost : costs) {
    text += c10::str("an iteration that moves ", names_of(cost.moves), "\n");
    for (const auto& [network, count] : cost.passes) {
      std::string name = "  " + network;
      name.resize(24, ' ');
      text += c10::str(name, count.forward, " forward  ", count.backward, " backward\n");
    }
    text += c10::str("  exchanged by ranks    ", cost.exchanged, " bytes of gradients\n");
  }
  return text;
}

}  // namespace opad
