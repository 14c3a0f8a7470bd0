#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <opad/io/detail/pickle_program.hpp>
#include <opad/io/detail/pickle_value.hpp>
#include <opad/io/safetensors.hpp>

namespace opad::detail {

/// Runs a pickle program (protocol 2) without running any code: the opcodes that torch.save writes for tensors and
/// plain containers, the few classes that these need, nothing else. Containers cannot be referred to twice, so that a
/// small file cannot become a large or an endless structure.
class PickleMachine {
 public:
  /// Reads the numbers of a record: (key, type, count) -> [count].
  using ReadStorage = std::function<Tensor(const std::string&, at::ScalarType, std::int64_t)>;

  PickleMachine(std::string_view program, ReadStorage read_storage, std::string where)
      : program_(program, where),
        read_storage_(std::move(read_storage)),
        where_(std::move(where)) {}

  Pickled run() {
    for (;;) {
      const unsigned char opcode = program_.byte();
      if (opcode != '.') {
        step(opcode);
        continue;
      }
      Value result = pop();
      require(stack_.empty() && marks_.empty(), where_, ": damaged: its pickle leaves values behind");
      return data(std::move(result));
    }
  }

 private:
  using Value = PickleValue;
  using Tuple = Value::Tuple;
  using Global = Value::Global;
  using Storage = Value::Storage;
  using Class = Global::Class;

  void step(unsigned char opcode) {
    switch (opcode) {
      case 0x80:
        return require(program_.byte() <= 5, where_, ": its pickle is of an unknown protocol");  // PROTO
      case 'N':
        return push(Pickled{});  // NONE
      case 0x88:
        return push(Pickled{true});  // NEWTRUE
      case 0x89:
        return push(Pickled{false});  // NEWFALSE
      case 'K':
        return push(Pickled{std::int64_t{program_.byte()}});  // BININT1
      case 'M':
        return push(Pickled{std::int64_t{program_.number<std::uint16_t>()}});  // BININT2
      case 'J':
        return push(Pickled{std::int64_t{program_.number<std::int32_t>()}});  // BININT
      case 0x8a:
        return push(Pickled{program_.long_number(program_.byte())});  // LONG1
      case 'G':
        return push(Pickled{program_.big_endian_double()});  // BINFLOAT
      case 'X':
        return push(Pickled{std::string(program_.take(program_.number<std::uint32_t>()))});  // BINUNICODE
      case '}':
        return push(Pickled{PickledDict{}});  // EMPTY_DICT
      case ']':
        return push(Pickled{PickledList{}});  // EMPTY_LIST
      case ')':
        return push(Tuple{});  // EMPTY_TUPLE
      case '(':
        return marks_.push_back(stack_.size());  // MARK
      case 't':
        return push_tuple(since_mark());  // TUPLE
      case 0x85:
        return push_tuple(take_top(1));  // TUPLE1
      case 0x86:
        return push_tuple(take_top(2));  // TUPLE2
      case 0x87:
        return push_tuple(take_top(3));  // TUPLE3
      case 'a':
        return append(take_top(1));  // APPEND
      case 'e':
        return append(since_mark());  // APPENDS
      case 's':
        return set_items(take_top(2));  // SETITEM
      case 'u':
        return set_items(since_mark());  // SETITEMS
      case 'c':
        return push_global();  // GLOBAL
      case 'Q':
        return load_storage();  // BINPERSID
      case 'R':
        return reduce();  // REDUCE
      case 'b':
        return ignore_attributes();  // BUILD
      case 'q':
        return remember(program_.byte());  // BINPUT
      case 'r':
        return remember(program_.number<std::uint32_t>());  // LONG_BINPUT
      case 'h':
        return recall(program_.byte());  // BINGET
      case 'j':
        return recall(program_.number<std::uint32_t>());  // LONG_BINGET
      default:
        fail(where_, ": not read: its pickle uses opcode ", int{opcode},
             "; only tensors and plain containers are read");
    }
  }

  // ---- the stack ----
  template <class T>
  void push(T held, int depth = 0) {
    stack_.push_back({std::move(held), depth});
  }
  Value pop() {
    require(stack_.size() > (marks_.empty() ? 0 : marks_.back()), where_,
            ": damaged: its pickle takes from an empty stack");
    Value value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }
  Tuple take_top(std::size_t count) {
    Tuple values(count);
    for (std::size_t i = count; i-- > 0;) values[i] = pop();
    return values;
  }
  Tuple since_mark() {
    require(!marks_.empty(), where_, ": damaged: its pickle lacks a mark");
    Tuple values = take_top(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }
  int depth_around(const Tuple& values, int depth = 0) const {
    for (const Value& value : values) depth = std::max(depth, value.depth + 1);
    require(depth <= 100, where_, ": not read: nested more than 100 levels deep");
    return depth;
  }
  void push_tuple(Tuple values) {
    const int depth = depth_around(values);
    push(std::move(values), depth);
  }
  /// The dictionary or list on top of the stack, which is about to receive values.
  template <class Container>
  Container& receiver(const Tuple& values) {
    auto* const top = stack_.empty() ? nullptr : std::get_if<Pickled>(&stack_.back().held);
    auto* const container = top ? std::get_if<Container>(&top->value) : nullptr;
    require(container != nullptr, where_, ": damaged: its pickle adds to what is no container");
    stack_.back().depth = depth_around(values, stack_.back().depth);
    return *container;
  }
  void append(Tuple values) {
    auto& list = receiver<PickledList>(values);
    for (Value& value : values) list.push_back(data(std::move(value)));
  }
  void set_items(Tuple values) {
    auto& dict = receiver<PickledDict>(values);
    require(values.size() % 2 == 0, where_, ": damaged: its pickle has a key without a value");
    for (std::size_t i = 0; i < values.size(); i += 2)
      dict.push_back({data(std::move(values[i])), data(std::move(values[i + 1]))});
  }
  /// Data only: tuples become lists, classes and bare storages are refused.
  Pickled data(Value value) const {
    if (auto* const tuple = std::get_if<Tuple>(&value.held)) {
      PickledList list;
      for (Value& item : *tuple) list.push_back(data(std::move(item)));
      return {std::move(list)};
    }
    auto* const plain = std::get_if<Pickled>(&value.held);
    require(plain != nullptr, where_,
            ": not read: its pickle holds a class; only tensors and plain containers are read");
    return std::move(*plain);
  }

  // ---- the memo ----
  void remember(std::uint32_t id) {
    require(!stack_.empty(), where_, ": damaged: its pickle remembers nothing");
    const Value& value = stack_.back();
    const auto* const plain = std::get_if<Pickled>(&value.held);
    const auto* const text = plain ? plain->as<std::string>() : nullptr;
    const bool container = plain && (plain->as<PickledList>() || plain->as<PickledDict>());
    const bool copyable =
        (plain && !container && !(text && text->size() > 1000)) || std::holds_alternative<Global>(value.held);
    memo_.insert_or_assign(id, copyable ? std::optional(value) : std::nullopt);
  }
  void recall(std::uint32_t id) {
    const auto found = memo_.find(id);
    require(found != memo_.end(), where_, ": damaged: its pickle recalls what it never had");
    require(found->second.has_value(), where_, ": not read: it holds the same container twice");
    stack_.push_back(*found->second);
  }

  // ---- tensors ----
  void push_global() {
    const std::string module = program_.line(), name = program_.line();
    const auto found = known_globals().find(module + " " + name);
    require(found != known_globals().end(), where_, ": not read: its pickle asks for ", module, ".", name,
            "; only tensors and plain containers are read");
    push(found->second);
  }

  template <class T>
  const T& argument(const Tuple& arguments, std::size_t i) const {
    const T* found = nullptr;
    if (i < arguments.size()) {
      if constexpr (std::is_same_v<T, Tuple> || std::is_same_v<T, Global> || std::is_same_v<T, Storage>)
        found = std::get_if<T>(&arguments[i].held);
      else if (const auto* const plain = std::get_if<Pickled>(&arguments[i].held)) found = plain->as<T>();
    }
    require(found != nullptr, where_, ": damaged: its pickle rebuilds a tensor from something else");
    return *found;
  }
  Tuple pop_tuple() {
    Tuple one;
    one.push_back(pop());
    return argument<Tuple>(one, 0);
  }

  void load_storage() {  // ("storage", class, key, device, count)
    const Tuple id = pop_tuple();
    const Global& global = argument<Global>(id, 1);
    require(argument<std::string>(id, 0) == "storage" && global.what == Class::Storage, where_,
            ": damaged: an unknown kind of record");
    push(Storage{read_storage_(argument<std::string>(id, 2), global.type, argument<std::int64_t>(id, 4))});
  }

  void reduce() {
    const Tuple arguments = pop_tuple();
    const Value function = pop();
    const auto* const global = std::get_if<Global>(&function.held);
    require(global && global->what != Class::Storage, where_, ": damaged: its pickle calls what is no function");
    if (global->what == Class::RebuildTensor) return push(Pickled{tensor(arguments)});
    if (global->what == Class::RebuildParameter) return push(Pickled{argument<Tensor>(arguments, 0)});
    require(arguments.empty(), where_, ": not read: an OrderedDict with arguments");
    push(Pickled{PickledDict{}});
  }

  Tensor tensor(const Tuple& arguments) const {  // (storage, offset, shape, strides, requires_grad, hooks)
    const Tensor& flat = argument<Storage>(arguments, 0).flat;
    const std::int64_t offset = argument<std::int64_t>(arguments, 1);
    const auto numbers = [&](std::size_t i) {
      const Tuple& tuple = argument<Tuple>(arguments, i);
      Shape result;
      for (std::size_t k = 0; k < tuple.size(); ++k) result.push_back(argument<std::int64_t>(tuple, k));
      return result;
    };
    const Shape shape = numbers(2), strides = numbers(3);
    const std::uint64_t bytes = checked_bytes(shape, flat.scalar_type(), where_);
    if (bytes == 0) return at::empty(shape, flat.options());
    std::int64_t last = offset;
    bool inside = offset >= 0 && shape.size() == strides.size() && bytes <= flat.nbytes();
    for (std::size_t i = 0; inside && i < shape.size(); ++i) {
      std::int64_t step = 0;
      inside = strides[i] >= 0 && !__builtin_mul_overflow(shape[i] - 1, strides[i], &step) &&
               !__builtin_add_overflow(last, step, &last);
    }
    require(inside && last < flat.numel(), where_, ": damaged: a tensor ", at::IntArrayRef(shape), " with strides ",
            at::IntArrayRef(strides), " from ", offset, " on reaches beyond its ", flat.numel(), " numbers");
    return flat.as_strided(shape, strides, offset);
  }

  void ignore_attributes() {  // such as the _metadata of a state_dict
    pop();
    receiver<PickledDict>({});
  }

  PickleProgram program_;
  ReadStorage read_storage_;
  std::string where_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, std::optional<Value>> memo_;
};

}  // namespace opad::detail
