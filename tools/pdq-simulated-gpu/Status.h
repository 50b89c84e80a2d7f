// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an operation of the simulated device answers: success, or the CUDA
// code for it and a sentence for the one who has to find the mistake.

#ifndef PDQ_SIMULATED_GPU_STATUS_H
#define PDQ_SIMULATED_GPU_STATUS_H

#include "CudaDriver.h"
#include "llvm/ADT/Twine.h"
#include <string>

namespace pdq::sim {

class [[nodiscard]] Status {
public:
  static Status success() { return Status(); }
  static Status error(CUresult code, const llvm::Twine &message) {
    Status status;
    status.code = code;
    status.message = message.str();
    return status;
  }

  bool failed() const { return code != CUDA_SUCCESS; }
  CUresult getCode() const { return code; }
  const std::string &getMessage() const { return message; }

private:
  CUresult code = CUDA_SUCCESS;
  std::string message;
};

} // namespace pdq::sim

#endif // PDQ_SIMULATED_GPU_STATUS_H
