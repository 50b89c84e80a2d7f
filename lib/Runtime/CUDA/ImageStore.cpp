// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Images: a line of JSON with the launches, then the text.

#include "pdq/Runtime/CUDA/ImageStore.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::pdq;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Images as bytes
//===----------------------------------------------------------------------===//

static json::Value toJSON(const KernelLaunch &launch) {
  return json::Object{{"symbol", launch.symbol},
                      {"grid", json::Array(launch.grid)},
                      {"block", json::Array(launch.block)},
                      {"shared", launch.sharedBytes},
                      {"form", launch.form}};
}

static bool fromJSON(const json::Value &value, std::array<unsigned, 3> &extent,
                     json::Path path) {
  std::vector<unsigned> numbers;
  if (!json::fromJSON(value, numbers, path) || numbers.size() != extent.size())
    return false;
  llvm::copy(numbers, extent.begin());
  return true;
}

static bool fromJSON(const json::Value &value, KernelLaunch &launch) {
  json::Path::Root root;
  json::Path path(root);
  const json::Object *object = value.getAsObject();
  if (!object)
    return false;
  const json::Value *grid = object->get("grid"), *block = object->get("block");
  auto symbol = object->getString("symbol"), form = object->getString("form");
  auto shared = object->getInteger("shared");
  if (!grid || !block || !symbol || !form || !shared ||
      !fromJSON(*grid, launch.grid, path) ||
      !fromJSON(*block, launch.block, path))
    return false;
  launch.symbol = symbol->str();
  launch.form = form->str();
  launch.sharedBytes = *shared;
  return true;
}

std::string mlir::pdq::writeImage(const DeviceImage &image) {
  json::Array kernels, remarks;
  for (const KernelLaunch &kernel : image.kernels)
    kernels.push_back(toJSON(kernel));
  for (const std::string &remark : image.remarks)
    remarks.push_back(json::fixUTF8(remark));
  std::string bytes;
  llvm::raw_string_ostream(bytes)
      << json::Value(json::Object{{"kernels", std::move(kernels)},
                                  {"remarks", std::move(remarks)}})
      << "\n"
      << image.text;
  return bytes;
}

std::optional<DeviceImage> mlir::pdq::readImage(StringRef bytes) {
  auto [line, text] = bytes.split('\n');
  llvm::Expected<json::Value> header = json::parse(line);
  if (!header) {
    llvm::consumeError(header.takeError());
    return std::nullopt;
  }
  const json::Object *object = header->getAsObject();
  const json::Array *kernels = object ? object->getArray("kernels") : nullptr;
  const json::Array *remarks = object ? object->getArray("remarks") : nullptr;
  if (!kernels || !remarks)
    return std::nullopt;
  DeviceImage image;
  image.text = text.str();
  for (const json::Value &kernel : *kernels)
    if (!fromJSON(kernel, image.kernels.emplace_back()))
      return std::nullopt;
  for (const json::Value &remark : *remarks) {
    auto words = remark.getAsString();
    if (!words)
      return std::nullopt;
    image.remarks.push_back(words->str());
  }
  return image;
}

//===----------------------------------------------------------------------===//
// The store
//===----------------------------------------------------------------------===//

std::optional<std::string>
ImageStore::find(StringRef key, SmallVectorImpl<std::string> &remarks) {
  llvm::Expected<std::optional<std::string>> found = cache.load(key);
  if (found)
    return std::move(*found);
  remarks.push_back("kernel cache: " + llvm::toString(found.takeError()) +
                    "; the kernels are compiled again");
  return std::nullopt;
}

void ImageStore::keep(StringRef key, StringRef contents,
                      SmallVectorImpl<std::string> &remarks) {
  llvm::Error error = cache.store(key, contents);
  if (!error)
    return;
  remarks.push_back("kernel cache: " + llvm::toString(std::move(error)) +
                    "; kernels are compiled in each run");
  // Once is enough.
  cache = ContentCache("");
}

llvm::Expected<DeviceImage>
ImageStore::getText(ArrayRef<std::string> kernels,
                    SmallVectorImpl<std::string> &remarks) {
  StringRef build = getBuildIdentity();
  if (build.empty() && cache.isEnabled()) {
    remarks.push_back("kernel cache: the program's own file cannot be read; "
                      "kernels are compiled in each run");
    cache = ContentCache("");
  }
  SmallVector<StringRef> parts = {"image", build, chip.name, math,
                                  form == ImageForm::PTX ? "ptx" : "llvm"};
  llvm::append_range(parts, kernels);
  std::string key = ContentCache::getKey(parts);
  if (auto bytes = find(key, remarks))
    if (std::optional<DeviceImage> image = readImage(*bytes);
        image && image->kernels.size() == kernels.size())
      return std::move(*image);
  auto image = compileKernels(kernels, chip, form, math);
  ++work.compiled;
  if (image)
    keep(key, writeImage(*image), remarks);
  return image;
}

std::string ImageStore::getObject(StringRef ptx,
                                  SmallVectorImpl<std::string> &remarks) {
  std::string key =
      ContentCache::getKey({"cubin", assembler->getVersion(),
                            PTXAssembler::getFlags(), chip.name, ptx});
  if (auto object = find(key, remarks))
    return std::move(*object);
  llvm::Expected<PTXAssembler::Result> result =
      assembler->assemble(ptx, chip.name);
  ++work.assembled;
  if (!result) {
    remarks.push_back(llvm::toString(result.takeError()) +
                      "; the driver compiles PTX instead");
    dropAssembler();
    return "";
  }
  keep(key, result->object, remarks);
  return std::move(result->object);
}

llvm::Expected<DeviceImage> ImageStore::get(ArrayRef<std::string> kernels) {
  SmallVector<std::string> remarks;
  llvm::Expected<DeviceImage> image = getText(kernels, remarks);
  if (!image)
    return image;
  if (form == ImageForm::PTX && assembler)
    image->object = getObject(image->text, remarks);
  llvm::append_range(image->remarks, remarks);
  return image;
}
