// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the text of device kernels for tests: numbered values, loops unrolled
// in C++.

#ifndef PDQ_TEST_UNIT_DEVICECODE_H
#define PDQ_TEST_UNIT_DEVICECODE_H

#include <sstream>
#include <string>

namespace pdqtest {

/// The body of `define ptx_kernel void @k(parameters)`. Operands are texts:
/// "%name" or constants.
class DeviceCode {
public:
  explicit DeviceCode(std::string parameters, std::string attributes = "")
      : parameters(std::move(parameters)), attributes(std::move(attributes)) {}

  /// A line that has no result.
  void add(const std::string &line) { body << "  " << line << "\n"; }
  /// A line with a result, which is returned.
  std::string define(const std::string &operation) {
    std::string name = "%v" + std::to_string(numValues++);
    add(name + " = " + operation);
    return name;
  }
  /// A line outside of the kernel: a variable or declaration.
  void declare(const std::string &line) { declarations << line << "\n"; }

  std::string getThread() {
    return define("call i32 @llvm.nvvm.read.ptx.sreg.tid.x()");
  }
  std::string getBlock() {
    return define("call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()");
  }
  std::string integer(const char *operation, const std::string &a,
                      const std::string &b) {
    return define(std::string(operation) + " i32 " + a + ", " + b);
  }
  std::string isTrue(const char *predicate, const std::string &a,
                     const std::string &b) {
    return define(std::string("icmp ") + predicate + " i32 " + a + ", " + b);
  }
  /// Address of element `index`; `pointer` as "ptr %x" or "ptr addrspace(3)
  /// @s", which is also the type of the result.
  std::string address(const std::string &pointer, const std::string &index,
                      const char *type = "float") {
    std::string value = define(std::string("getelementptr ") + type + ", " +
                               pointer + ", i32 " + index);
    return pointer.substr(0, pointer.rfind(' ') + 1) + value;
  }
  std::string load(const std::string &pointer, const char *type = "float") {
    return define(std::string("load ") + type + ", " + pointer);
  }
  void store(const std::string &value, const std::string &pointer,
             const char *type = "float") {
    add(std::string("store ") + type + " " + value + ", " + pointer);
  }
  void barrier() {
    add("call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)");
  }
  /// What follows, until `endIf`, runs only where the condition holds.
  void beginIf(const std::string &condition) {
    std::string id = std::to_string(numIfs++);
    add("br i1 " + condition + ", label %then" + id + ", label %end" + id);
    body << "then" << id << ":\n";
    openIf = id;
  }
  void endIf() {
    add("br label %end" + openIf);
    body << "end" << openIf << ":\n";
  }

  std::string str() const {
    return declarations.str() + kIntrinsics + "define ptx_kernel void @k(" +
           parameters + ") " + attributes + " {\n" + body.str() +
           "  ret void\n}\n";
  }

private:
  static constexpr const char *kIntrinsics = R"(
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare void @llvm.nvvm.barrier.cta.sync.aligned.count(i32, i32)
declare i1 @llvm.nvvm.barrier.cta.red.or.aligned.all(i32, i1)
declare float @llvm.nvvm.shfl.sync.bfly.f32(i32, float, i32, i32)
declare i32 @llvm.nvvm.vote.ballot.sync(i32, i1)
declare i32 @llvm.nvvm.redux.sync.add(i32, i32)
declare void @llvm.nvvm.bar.warp.sync(i32)
declare void @llvm.nvvm.cp.async.ca.shared.global.16(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.ca.shared.global.16.s(ptr addrspace(3), ptr addrspace(1), i32)
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32 immarg)
declare {float, float, float, float} @llvm.nvvm.mma.m16n8k8.row.col.tf32(i32, i32, i32, i32, i32, i32, float, float, float, float)
declare {float, float, float, float} @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32, i32, i32, i32, i32, i32, float, float, float, float)
declare {i32, i32, i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3))
declare {i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3(ptr addrspace(3))
declare void @llvm.nvvm.fence.proxy.async.shared_cta()
declare void @llvm.nvvm.wgmma.fence.sync.aligned()
declare void @llvm.nvvm.wgmma.commit_group.sync.aligned()
declare void @llvm.nvvm.wgmma.wait_group.sync.aligned(i64 immarg)
declare float @__nv_expf(float)
)";

  std::string parameters, attributes, openIf;
  std::ostringstream declarations, body;
  unsigned numValues = 0, numIfs = 0;
};

} // namespace pdqtest

#endif // PDQ_TEST_UNIT_DEVICECODE_H
