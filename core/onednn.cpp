// The one file that knows oneDNN (API 2.x and 3.x): single-threaded matrix products by cached primitives.
#include <weft/core/buffer.h>
#include <weft/core/error.h>
#include <weft/core/gemm_pieces.h>
#include <weft/core/parallel.h>

#include <dnnl.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft {
namespace {

/// What a primitive is made for.
struct Key {
  int64_t m, n, k, a_stride, b_stride, c_stride;
  int flags;
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    size_t hash = static_cast<size_t>(key.flags);
    for (const int64_t x : {key.m, key.n, key.k, key.a_stride, key.b_stride, key.c_stride}) {
      hash = (hash ^ static_cast<size_t>(x)) * 0x9E3779B97F4A7C15;
    }
    return hash;
  }
};

/// A primitive with the arguments it is run with: only their addresses change from call to call.
struct Product {
  dnnl::matmul primitive;
  dnnl::memory a, b, c, bias, scratchpad;
  Buffer scratch;
  std::vector<dnnl_exec_arg_t> arguments;
};

/// A thread's engine, stream and primitives. Primitives are made for one thread, so each thread has its own.
struct Engine {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::unordered_map<Key, std::unique_ptr<Product>, KeyHash> products;

  static Engine& of_thread() {
    thread_local Engine engine;
    return engine;
  }
};

Key key_of(const GemmArgs& g, bool bfloat16) {
  const int flags = (g.transpose_a ? 1 : 0) | (g.transpose_b ? 2 : 0) | (g.bias != nullptr ? 4 : 0) | (g.relu ? 8 : 0) |
                    (g.accumulate ? 16 : 0) | (bfloat16 ? 32 : 0);
  return {g.m, g.n, g.k, g.a_stride, g.b_stride, g.c_stride, flags};
}

using Type = dnnl::memory::data_type;

dnnl::memory::desc matrix(int64_t rows, int64_t columns, int64_t stride, bool transposed, Type type = Type::f32) {
  return {{rows, columns}, type, transposed ? dnnl::memory::dims{1, stride} : dnnl::memory::dims{stride, 1}};
}

dnnl::primitive_attr attributes_of(const GemmArgs& g) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops post;
  if (g.accumulate) post.append_sum(1.0f);
#if DNNL_VERSION_MAJOR >= 3
  if (g.relu) post.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#else
  if (g.relu) post.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#endif
  attributes.set_post_ops(post);
  return attributes;
}

dnnl::matmul::primitive_desc describe(const dnnl::engine& engine, const GemmArgs& g, Type factors) {
  const auto a = matrix(g.m, g.k, g.a_stride, g.transpose_a, factors);
  const auto b = matrix(g.k, g.n, g.b_stride, g.transpose_b, factors);
  const auto c = matrix(g.m, g.n, g.c_stride, false);
  const auto attributes = attributes_of(g);
  if (g.bias != nullptr) {
    const auto bias = matrix(1, g.n, g.n, false);
#if DNNL_VERSION_MAJOR >= 3
    return {engine, a, b, bias, c, attributes};
#else
    return {dnnl::matmul::desc(a, b, bias, c), attributes, engine};
#endif
  }
#if DNNL_VERSION_MAJOR >= 3
  return {engine, a, b, c, attributes};
#else
  return {dnnl::matmul::desc(a, b, c), attributes, engine};
#endif
}

std::unique_ptr<Product> make_product(Engine& e, const GemmArgs& g, bool bfloat16) {
  const auto description = describe(e.engine, g, bfloat16 ? Type::bf16 : Type::f32);
  auto product = std::make_unique<Product>();
  product->primitive = dnnl::matmul(description);
  product->scratch = Buffer(description.scratchpad_desc().get_size());
  product->a = dnnl::memory(description.src_desc(), e.engine, nullptr);
  product->b = dnnl::memory(description.weights_desc(), e.engine, nullptr);
  product->c = dnnl::memory(description.dst_desc(), e.engine, nullptr);
  product->scratchpad = dnnl::memory(description.scratchpad_desc(), e.engine, product->scratch.data());
  product->arguments = {{DNNL_ARG_SRC, product->a.get()},
                        {DNNL_ARG_WEIGHTS, product->b.get()},
                        {DNNL_ARG_DST, product->c.get()},
                        {DNNL_ARG_SCRATCHPAD, product->scratchpad.get()}};
  if (g.bias != nullptr) {
    product->bias = dnnl::memory(matrix(1, g.n, g.n, false), e.engine, nullptr);
    product->arguments.push_back({DNNL_ARG_BIAS, product->bias.get()});
  }
  return product;
}

/// oneDNN takes what it only reads as void* too.
void* address(const void* p) {
  return const_cast<void*>(p);
}

}  // namespace

bool detail::has_bfloat16_products() {
  static const bool has = [] {
    try {
      const GemmArgs one{.m = 16, .n = 16, .k = 16, .a_stride = 16, .b_stride = 16, .c_stride = 16};
      const std::string_view made_of = describe(Engine::of_thread().engine, one, Type::bf16).impl_info_str();
      return made_of.find("ref") == std::string_view::npos;  // not oneDNN's loops for any processor: they are slow
    } catch (const dnnl::error&) {
      return false;
    }
  }();
  return has;
}

void detail::gemm_on_this_thread(const GemmArgs& g, const Bfloat16Factors& factors) {
  try {
    const SerialLibraries serial;
    const bool narrow = factors.a != nullptr;
    Engine& e = Engine::of_thread();
    std::unique_ptr<Product>& product = e.products[key_of(g, narrow)];
    if (product == nullptr) product = make_product(e, g, narrow);
    product->a.set_data_handle(narrow ? address(factors.a) : address(g.a));
    product->b.set_data_handle(narrow ? address(factors.b) : address(g.b));
    product->c.set_data_handle(g.c);
    if (g.bias != nullptr) product->bias.set_data_handle(address(g.bias));
    const auto status = dnnl_primitive_execute(product->primitive.get(), e.stream.get(),
                                               static_cast<int>(product->arguments.size()), product->arguments.data());
    if (status != dnnl_success) throw dnnl::error(status, "execution of a matrix product failed");
  } catch (const dnnl::error& error) {
    throw Error("[gemm] oneDNN refused a product of [" + std::to_string(g.m) + ", " + std::to_string(g.k) + "] and [" +
                std::to_string(g.k) + ", " + std::to_string(g.n) + "]: " + error.what() + ".");
  }
}

}  // namespace weft
