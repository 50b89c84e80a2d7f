// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 8, Pipelines: all stages in a row. The passes in the order of the flow.

#ifndef PDQ_PIPELINES_PASSES_TD
#define PDQ_PIPELINES_PASSES_TD

include "pdq/Annotation/Options.td"
include "pdq/Calibration/Options.td"
include "pdq/Export/Options.td"
include "pdq/Frontend/Options.td"

/// Options of `pdq-annotate`, whose check takes so many samples.
class AnnotateOptionList<string samples> {
  list<Option> options = !listconcat(insertQuantizersOptions, formRegionsOptions, normalizeFrontendOptions, [
    Option<"check", "check", "int64_t", samples,
           "Samples on which the annotated network is run and compared with the network as it was; 0 runs nothing">,
    Option<"checkData", "check-data", "std::string", /*default=*/"",
           ".npy file whose first samples are taken for it; normal numbers where it has none">
  ]);
}

def Annotate : PDQPass<"pdq-annotate", "::mlir::ModuleOp"> {
  let summary = "Form regions with batch norms captured and quantizers inserted";
  let description = [{
    Frontend IR -> annotated IR: `pdq-normalize-frontend`, `pdq-capture-batch-norm`,
    `pdq-evaluate-constants`, `pdq-form-regions`, `pdq-mark-channels`,
    `pdq-fold-batch-norm` and `pdq-insert-quantizers`, with canonicalization in
    between, and `pdq-check-annotation` and `pdq-check-sizes` where `check` says so.

    ```
    pdq-opt network.mlir --pdq-annotate="weight-bits=2 activation-bits=4"
    ```

    Declines what these decline.
  }];
  let options = AnnotateOptionList<"0">.options;
}

def Export : PDQPass<"pdq-export", "::mlir::ModuleOp"> {
  let summary = "Turn a calibrated network into the quant dialect";
  let description = [{
    Calibrated IR -> quant dialect: `pdq-freeze`, `pdq-inline-regions`,
    `pdq-restore-sizes`, `pdq-restore-batch`, `convert-pdq-to-quant` and
    `pdq-inline-resources`, and `pdq-pack-constants` where `pack-constants` says so.

    ```
    pdq-opt calibrated.mlirbc --pdq-export
    ```

    Declines what these decline.
  }];
  let options = exportOptions;
}

def Quantize : PDQPass<"pdq-quantize", "::mlir::ModuleOp"> {
  let summary = "Quantize a network: pdq-annotate, pdq-calibrate and pdq-export in a row, with the options of all three";
  let description = [{
    Frontend IR -> quant dialect.

    ```
    pdq-opt network.mlir --pdq-quantize="calibration=samples.npy weight-bits=2" --emit-bytecode -o quantized.mlirbc
    ```

    Sizes that are dynamic are those of the calibration set, unless `sample-shape`
    says otherwise, and the annotated network is checked on its first samples.
  }];
  let options = !listconcat(AnnotateOptionList<"4">.options, calibrateOptions, exportOptions);
}

#endif // PDQ_PIPELINES_PASSES_TD
