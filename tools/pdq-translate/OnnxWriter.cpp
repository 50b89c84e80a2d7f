// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX graphs as files, through the classes that protoc makes of onnx.proto.

#include "OnnxWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "onnx.pb.h"
#include "pdq/Export/ExportedNetwork.h"
#include "pdq/Export/Onnx/OnnxGraph.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::pdq;
using onnx_graph::InitializerOp;
using onnx_graph::NodeOp;

/// The first version of the file's form that has the types of an opset.
static int64_t getIRVersion(int64_t opset) {
  return opset >= 25 ? onnx::IR_VERSION : 10;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// Elements as ONNX stores them: in little-endian order, a BOOL in a byte, and
/// integers below 8 bits packed, the first one in the lowest bits.
static std::string getRawData(DenseElementsAttr elements) {
  unsigned width = elements.getElementType().getIntOrFloatBitWidth();
  if (width >= 8 && !elements.isSplat())
    return std::string(elements.getRawData().data(),
                       elements.getRawData().size());
  if (width >= 8) {
    std::string element(elements.getRawData().data(), width / 8), data;
    data.reserve(elements.getNumElements() * element.size());
    for (int64_t i = 0; i < elements.getNumElements(); ++i)
      data += element;
    return data;
  }
  unsigned stored = width == 1 ? 8 : width;
  std::string data(llvm::divideCeil(elements.getNumElements() * stored, 8), 0);
  for (auto [i, value] : llvm::enumerate(elements.getValues<APInt>())) {
    uint64_t bit = i * stored;
    data[bit / 8] |= static_cast<char>(value.getZExtValue() << (bit % 8));
  }
  return data;
}

static void writeTensor(onnx::TensorProto &tensor, DenseElementsAttr elements) {
  tensor.set_data_type(*onnx_graph::getDataType(elements.getElementType()));
  for (int64_t size : elements.getType().getShape())
    tensor.add_dims(size);
  tensor.set_raw_data(getRawData(elements));
}

/// An input or output, with the sizes of its type.
static void writeValue(onnx::ValueInfoProto &value, StringRef name,
                       RankedTensorType type) {
  value.set_name(name.str());
  onnx::TypeProto::Tensor &tensor =
      *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(*onnx_graph::getDataType(type.getElementType()));
  onnx::TensorShapeProto &shape = *tensor.mutable_shape();
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    onnx::TensorShapeProto::Dimension &dimension = *shape.add_dim();
    if (!ShapedType::isDynamic(size))
      dimension.set_dim_value(size);
    else if (dim == 0)
      dimension.set_dim_param("N");
    else
      dimension.set_dim_param((name + "_" + Twine(dim)).str());
  }
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

static void writeAttribute(onnx::AttributeProto &proto,
                           NamedAttribute attribute) {
  proto.set_name(attribute.getName().str());
  if (auto integer = dyn_cast<IntegerAttr>(attribute.getValue())) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(integer.getInt());
  } else if (auto number = dyn_cast<FloatAttr>(attribute.getValue())) {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(number.getValue().convertToFloat());
  } else if (auto text = dyn_cast<StringAttr>(attribute.getValue())) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(text.str());
  } else {
    proto.set_type(onnx::AttributeProto::INTS);
    for (int64_t value :
         cast<DenseI64ArrayAttr>(attribute.getValue()).asArrayRef())
      proto.add_ints(value);
  }
}

namespace {
/// Writes a function, whose values get names.
class GraphWriter {
public:
  explicit GraphWriter(onnx::GraphProto &graph) : graph(graph) {}

  LogicalResult write(func::FuncOp function);

private:
  void writeOutputs(Operation *end);
  void writeNode(NodeOp op);
  onnx::NodeProto &addNode(StringRef type, ValueRange inputs);

  onnx::GraphProto &graph;
  llvm::DenseMap<Value, std::string> names;
  unsigned numNodes = 0;
};
} // namespace

onnx::NodeProto &GraphWriter::addNode(StringRef type, ValueRange inputs) {
  onnx::NodeProto &node = *graph.add_node();
  node.set_op_type(type.str());
  node.set_name((type + "_" + Twine(numNodes++)).str());
  for (Value input : inputs)
    node.add_input(names.lookup(input));
  return node;
}

void GraphWriter::writeNode(NodeOp op) {
  onnx::NodeProto &node = addNode(op.getOpType(), op.getInputs());
  for (auto [i, output] : llvm::enumerate(op.getOutputs())) {
    std::string &name = names[output];
    if (name.empty())
      name = i == 0 ? node.name() : node.name() + "_" + std::to_string(i);
    node.add_output(name);
  }
  for (NamedAttribute attribute : op.getNodeAttributes())
    writeAttribute(*node.add_attribute(), attribute);
}

/// `output`, or `output0`, `output1` and so on where there are several.
static std::string getName(StringRef kind, unsigned i, unsigned count) {
  return count == 1 ? kind.str() : (kind + Twine(i)).str();
}

/// Outputs that are no node's own get one that copies them.
void GraphWriter::writeOutputs(Operation *end) {
  for (auto [i, value] : llvm::enumerate(end->getOperands())) {
    std::string name = getName("output", i, end->getNumOperands());
    if (names.lookup(value) != name)
      addNode("Identity", value).add_output(name);
    writeValue(*graph.add_output(), name,
               cast<RankedTensorType>(value.getType()));
  }
}

LogicalResult GraphWriter::write(func::FuncOp function) {
  graph.set_name(function.getName().str());
  Block &block = function.getBody().front();
  for (BlockArgument argument : block.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !onnx_graph::getDataType(type.getElementType()))
      return emitError(argument.getLoc(), "input is ")
             << argument.getType() << ", expected a tensor of a type of ONNX";
    names[argument] =
        getName("input", argument.getArgNumber(), block.getNumArguments());
    writeValue(*graph.add_input(), names[argument], type);
  }
  Operation *end = block.getTerminator();
  for (auto [i, value] : llvm::enumerate(end->getOperands()))
    if (value.getDefiningOp<NodeOp>() && names.lookup(value).empty())
      names[value] = getName("output", i, end->getNumOperands());
  for (Operation &op : block.without_terminator()) {
    if (auto node = dyn_cast<NodeOp>(op)) {
      writeNode(node);
    } else if (auto initializer = dyn_cast<InitializerOp>(op)) {
      onnx::TensorProto &tensor = *graph.add_initializer();
      tensor.set_name("constant_" + std::to_string(graph.initializer_size()));
      names[initializer.getResult()] = tensor.name();
      writeTensor(tensor, cast<DenseElementsAttr>(initializer.getValue()));
    } else {
      return emitError(op.getLoc(), "'")
             << op.getName()
             << "' is no part of an ONNX graph, which "
                "'convert-quant-to-onnx' makes of a network";
    }
  }
  writeOutputs(end);
  return success();
}

LogicalResult mlir::pdq::writeOnnx(ModuleOp module, raw_ostream &os) {
  FailureOr<func::FuncOp> network = findExportedNetwork(module);
  if (failed(network))
    return failure();
  auto opset = module->getAttrOfType<IntegerAttr>(onnx_graph::opsetName);
  if (!opset)
    return emitError(module.getLoc(), "module has no attribute '")
           << onnx_graph::opsetName
           << "', which 'convert-quant-to-onnx' sets to the version of ONNX";
  if (!llvm::hasSingleElement(network->getBody()))
    return emitError(network->getLoc(), "network has several blocks");
  onnx::ModelProto model;
  model.set_ir_version(getIRVersion(opset.getInt()));
  model.set_producer_name("pdq");
  onnx::OperatorSetIdProto &standard = *model.add_opset_import();
  standard.set_domain("");
  standard.set_version(opset.getInt());
  if (failed(GraphWriter(*model.mutable_graph()).write(*network)))
    return failure();
  // What protobuf can write is an int.
  constexpr size_t limit = std::numeric_limits<int>::max();
  if (model.ByteSizeLong() > limit)
    return emitError(network->getLoc(), "the network has ")
           << model.ByteSizeLong() << " bytes in ONNX, expected at most "
           << limit;
  os << model.SerializeAsString();
  return success();
}
