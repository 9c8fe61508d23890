// Reads word images with an exported model, in this process.
//
//   load_model VERSION_FOLDER IMAGE...
//
// Prints one line per image: path, text, confidence, tab-separated.

#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"

namespace {

int Fail(const std::string& what, const std::string& why) {
  std::cerr << what << ": " << why << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return Fail(argv[0], "needs VERSION_FOLDER IMAGE...");
  tensorflow::SavedModelBundleLite model;
  const auto loaded = tensorflow::LoadSavedModel(
      tensorflow::SessionOptions(), tensorflow::RunOptions(), argv[1],
      {"serve"}, &model);
  if (!loaded.ok()) return Fail(argv[1], loaded.ToString());

  const std::vector<std::string> paths(argv + 2, argv + argc);
  const int64_t count = paths.size();
  tensorflow::Tensor images(tensorflow::DT_STRING, {count});
  for (int64_t i = 0; i < count; ++i) {
    std::ifstream file(paths[i], std::ios::binary);
    if (!file) return Fail(paths[i], "cannot be read");
    images.vec<tensorflow::tstring>()(i) = std::string(
        std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }

  // A signature maps its names to those of tensors in the graph.
  const auto& signature = model.GetSignatures().at("serving_default");
  std::vector<tensorflow::Tensor> outputs;
  const auto ran = model.GetSession()->Run(
      {{signature.inputs().at("image_bytes").name(), images}},
      {signature.outputs().at("text").name(),
       signature.outputs().at("confidence").name(),
       signature.outputs().at("valid").name()},
      {}, &outputs);
  if (!ran.ok()) return Fail(argv[1], ran.ToString());

  std::cout << std::fixed << std::setprecision(4);
  for (int64_t i = 0; i < count; ++i) {
    std::cout << paths[i] << "\t";
    if (outputs[2].vec<bool>()(i)) {
      std::cout << outputs[0].vec<tensorflow::tstring>()(i) << "\t"
                << outputs[1].vec<float>()(i) << "\n";
    } else {
      std::cout << "no image\n";
    }
  }
}
