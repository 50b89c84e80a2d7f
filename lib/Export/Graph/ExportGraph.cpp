// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A network as a graph that Model Explorer shows.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Support/DebugStringHelper.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/Files/AtomicFile.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Options/OptionsLocation.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_EXPORTGRAPH
#include "pdq/Export/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;
namespace json = llvm::json;

/// Longest text of an attribute: a graph is to be looked at.
static constexpr size_t longestText = 80;

static std::string shorten(std::string text) {
  if (text.size() > longestText)
    text = text.substr(0, longestText - 3) + "...";
  return text;
}

/// A list of "key", "value" pairs, as all attributes are written.
static json::Object makeEntry(StringRef key, std::string value) {
  return json::Object{{"key", key.str()}, {"value", shorten(std::move(value))}};
}

namespace {
/// The nodes of one function. Values without a node, such as constants, have no
/// edges.
class GraphBuilder {
public:
  json::Object build(FunctionOpInterface function);

  /// The nodes of each region.
  const llvm::MapVector<RegionOp, SmallVector<std::string>> &
  getRegions() const {
    return regions;
  }

private:
  void addBlock(Block &block, const Twine &scope);
  void addRegion(RegionOp region);
  void addOperation(Operation *op, StringRef scope);
  std::string addNode(StringRef label, StringRef scope, ValueRange operands,
                      json::Array attributes, ValueRange results);

  json::Array nodes;
  /// The node that computes a value, and which of its outputs it is.
  DenseMap<Value, std::pair<std::string, unsigned>> origins;
  llvm::MapVector<RegionOp, SmallVector<std::string>> regions;
};
} // namespace

/// Whether an operation only makes a constant or a place for a result.
static bool isAuxiliary(Operation *op) {
  return isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp>(op) ||
         op->hasTrait<OpTrait::IsTerminator>();
}

/// The name of an operation; of one with a payload also what it computes.
static std::string getLabel(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  std::string label = op->getName().getStringRef().str();
  if (!generic)
    return label;
  label = "generic:";
  for (Operation &scalar : generic.getBody()->without_terminator())
    if (!isa<arith::ConstantOp>(scalar))
      label += (" " + scalar.getName().stripDialect()).str();
  return shorten(std::move(label));
}

std::string GraphBuilder::addNode(StringRef label, StringRef scope,
                                  ValueRange operands, json::Array attributes,
                                  ValueRange results) {
  std::string id = std::to_string(nodes.size());
  json::Array edges, outputs;
  for (auto [number, operand] : llvm::enumerate(operands)) {
    auto origin = origins.find(operand);
    if (origin != origins.end())
      edges.push_back(json::Object{
          {"sourceNodeId", origin->second.first},
          {"sourceNodeOutputId", std::to_string(origin->second.second)},
          {"targetNodeInputId", std::to_string(number)}});
  }
  for (auto [number, result] : llvm::enumerate(results)) {
    origins[result] = {id, number};
    outputs.push_back(json::Object{
        {"id", std::to_string(number)},
        {"attrs", json::Array{makeEntry("tensor_shape",
                                        debugString(result.getType()))}}});
  }
  nodes.push_back(json::Object{{"id", id},
                               {"label", label.str()},
                               {"namespace", scope.str()},
                               {"attrs", std::move(attributes)},
                               {"incomingEdges", std::move(edges)},
                               {"outputsMetadata", std::move(outputs)}});
  return id;
}

void GraphBuilder::addOperation(Operation *op, StringRef scope) {
  json::Array attributes;
  for (NamedAttribute attribute : op->getAttrs())
    if (attribute.getName() != "indexing_maps" &&
        attribute.getName() != "operandSegmentSizes")
      attributes.push_back(makeEntry(attribute.getName().getValue(),
                                     debugString(attribute.getValue())));
  addNode(getLabel(op), scope, op->getOperands(), std::move(attributes),
          op->getResults());
}

/// Both bodies as layers; what follows reads the quantized one.
void GraphBuilder::addRegion(RegionOp region) {
  size_t first = nodes.size();
  for (auto [name, body] :
       {std::pair("float", &region.getFloatBody()),
        std::pair("quantized", &region.getQuantizedBody())}) {
    Block &block = body->front();
    for (auto [argument, input] :
         llvm::zip_equal(block.getArguments(), region.getInputs()))
      if (auto origin = origins.find(input); origin != origins.end())
        origins[argument] = std::pair(origin->second);
    addBlock(block, region.getSymName() + "/" + name);
    for (auto [result, yielded] : llvm::zip_equal(
             region.getResults(), block.getTerminator()->getOperands()))
      if (auto origin = origins.find(yielded); origin != origins.end())
        origins[result] = std::pair(origin->second);
  }
  for (size_t i = first; i < nodes.size(); ++i)
    regions[region].push_back(std::to_string(i));
}

void GraphBuilder::addBlock(Block &block, const Twine &scope) {
  std::string name = scope.str();
  for (Operation &op : block)
    if (auto region = dyn_cast<RegionOp>(op))
      addRegion(region);
    else if (!isAuxiliary(&op))
      addOperation(&op, name);
}

json::Object GraphBuilder::build(FunctionOpInterface function) {
  Block &block = function.getFunctionBody().front();
  for (BlockArgument argument : block.getArguments())
    addNode("input", "", {}, {}, argument);
  addBlock(block, "");
  addNode("output", "", block.getTerminator()->getOperands(), {}, {});
  return json::Object{{"id", function.getName().str()},
                      {"nodes", std::move(nodes)}};
}

/// The prediction difference of each region that has one, at its nodes: white
/// where it is 0, red where it is largest.
static json::Object buildNodeData(const GraphBuilder &builder) {
  json::Object values;
  for (const auto &[region, ids] : builder.getRegions()) {
    CalibratedAttr status = RegionOp(region).getStatusAttr();
    if (!status)
      continue;
    double difference = status.getDifferenceAfter().getValueAsDouble();
    for (const std::string &id : ids)
      values[id] = json::Object{{"value", difference}};
  }
  return json::Object{
      {"name", "prediction difference after calibration"},
      {"results", std::move(values)},
      {"gradient",
       json::Array{json::Object{{"stop", 0}, {"bgColor", "white"}},
                   json::Object{{"stop", 1}, {"bgColor", "#d62728"}}}}};
}

namespace {
struct ExportGraph : pdq::impl::ExportGraphBase<ExportGraph> {
  using Base::Base;

  void runOnOperation() override {
    if (file.empty()) {
      emitError(getOptionsLocation(&getContext()))
          << "option 'file' is empty, expected the file to write";
      return signalPassFailure();
    }
    json::Array graphs;
    json::Object data;
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (function.isExternal())
        continue;
      GraphBuilder builder;
      graphs.push_back(builder.build(function));
      data[function.getName()] = buildNodeData(builder);
      numNodes += graphs.back().getAsObject()->getArray("nodes")->size();
    }
    if (failed(write(file, json::Object{{"label", "pdq"},
                                        {"graphs", std::move(graphs)}})) ||
        (!nodeData.empty() && failed(write(nodeData, std::move(data)))))
      signalPassFailure();
  }

private:
  LogicalResult write(StringRef path, json::Object content) {
    llvm::Error error = writeFileAtomically(path, [&](raw_ostream &os) {
      os << llvm::formatv("{0:1}", json::Value(std::move(content))) << "\n";
    });
    if (!error)
      return success();
    return emitFileError(&getContext(), path, std::move(error));
  }
};
} // namespace
