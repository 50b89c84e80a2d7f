// What the plan dialect refuses: a case a message.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics

// program_c1
// expected-error@+1 {{'plan.program' op argument 0 has type 'memref<?xf32>', expected a buffer of static shape and strides}}
plan.program @f(%x: memref<?xf32>) {
  plan.return
}

// -----

// program_c2
// expected-error@+1 {{'plan.program' op argument 0 has type 'memref<4xf32, strided<[1], offset: 4>>', expected no offset: launches add it to the address}}
plan.program @f(%x: memref<4xf32, strided<[1], offset: 4>>) {
  plan.return
}

// -----

// kernel_c1: the shape is static, the stride is not.
// expected-error@+1 {{'plan.kernel' op argument 0 has type 'memref<4xf32, strided<[?]>>', expected a buffer of static shape and strides}}
plan.kernel @k(%x: memref<4xf32, strided<[?]>>) {
  plan.return
}

// -----

// kernel_c2
// expected-error@+1 {{'plan.kernel' op argument 1 has type 'memref<4xf32, strided<[1], offset: 4>>', expected no offset: launches add it to the address}}
plan.kernel @k(%x: memref<4xf32>, %y: memref<4xf32, strided<[1], offset: 4>>) {
  plan.return
}

// -----

// kernel_c1: no emitter counts backwards.
// expected-error@+1 {{'plan.kernel' op argument 0 has type 'memref<4xf32, strided<[-1]>>', expected strides of at least 0}}
plan.kernel @k(%x: memref<4xf32, strided<[-1]>>) {
  plan.return
}

// -----

// expected-error@+1 {{has results, expected results as arguments}}
plan.kernel @k(%x: memref<4xf32>) -> memref<4xf32> {
  plan.return
}

// -----

// program_c3: in the generic form, since the parser refuses results by itself.
// expected-error@+1 {{'plan.program' op has results, expected results as arguments}}
"plan.program"() <{function_type = () -> memref<4xf32>, sym_name = "f"}> ({
  "plan.return"() : () -> ()
}) : () -> ()

// -----

// kernel_c3
// expected-error@+1 {{'plan.kernel' op has results, expected results as arguments}}
"plan.kernel"() <{function_type = () -> memref<4xf32>, sym_name = "k"}> ({
  "plan.return"() : () -> ()
}) : () -> ()

// -----

// kernel_c4
// expected-error@+1 {{'plan.kernel' op has no body}}
"plan.kernel"() <{function_type = () -> (), sym_name = "k"}> ({
}) : () -> ()

// -----

// program_c4
// expected-error@+1 {{'plan.program' op has 2 blocks, expected one}}
plan.program @f() {
  cf.br ^next
^next:
  plan.return
}

// -----

// program_c5
// expected-error@+1 {{'plan.program' op has two arguments with 'plan.result' = 1}}
plan.program @f(%x: memref<4xf32> {plan.result = 1 : i64}, %y: memref<4xf32> {plan.result = 1 : i64}) {
  plan.return
}

// -----

// program_c5
// expected-error@+1 {{'plan.program' op has two arguments with 'plan.persistent' = 0}}
plan.program @f(%x: memref<4xf32> {plan.persistent = 0 : i64}, %y: memref<4xf32> {plan.persistent = 0 : i64}) {
  plan.return
}

// -----

// program_c6
// expected-error@+1 {{'plan.program' op has arguments with 'plan.persistent' but no initializer}}
plan.program @f(%x: memref<4xf32> {plan.persistent = 0 : i64}) {
  plan.return
}

// -----

// program_c7
// expected-error@+1 {{'plan.program' op has initializer 'f', which is no program}}
plan.program @g(%x: memref<4xf32> {plan.persistent = 0 : i64}) initializer(@f) {
  plan.return
}

// -----

// kernel_c5
// expected-error@+1 {{'plan.kernel' op has -1 loops of rows, expected none or more}}
plan.kernel @k(%x: memref<4xf32>) rows(-1) {
  plan.return
}

// -----

// kernel_c6
// expected-error@+1 {{'plan.kernel' op has a range of -1 iterations, expected none or more}}
plan.kernel @k(%x: memref<4xf32>) form(scalar) range(-1) {
  plan.return
}

// -----

// kernel_c7
// expected-error@+1 {{'plan.kernel' op has rows and groups, expected one of them}}
plan.kernel @k(%x: memref<4xf32>, %y: memref<4xf32>) rows(1) groups([1]) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  plan.return
}

// -----

// kernel_c10
// expected-error@+1 {{'plan.kernel' op has a group of 0 operations, expected at least one}}
plan.kernel @k(%x: memref<4xf32>) groups([0]) {
  plan.return
}

// -----

// kernel_c11
// expected-error@+1 {{'plan.kernel' op has groups of 3 operations but holds 1}}
plan.kernel @k(%x: memref<4xf32>, %y: memref<4xf32>) groups([1, 2]) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  plan.return
}

// -----

// kernel_c8
// expected-error@+1 {{'plan.kernel' op has a range and a launch, expected that of one device}}
plan.kernel @k(%x: memref<4xf32>) form(scalar) range(1) launch(<grid = [1, 1, 1], block = [1, 1, 1]>) {
  plan.return
}

// -----

// kernel_c9
// expected-error@+1 {{'plan.kernel' op has a range but no form}}
plan.kernel @k(%x: memref<4xf32>) range(1) {
  plan.return
}

// -----

// kernel_c9
// expected-error@+1 {{'plan.kernel' op has a launch but no form}}
plan.kernel @k(%x: memref<4xf32>) launch(<grid = [1, 1, 1], block = [1, 1, 1]>) {
  plan.return
}

// -----

// expected-error@+1 {{there is no form 'fast'}}
plan.kernel @k(%x: memref<4xf32>) form(fast) {
  plan.return
}

// -----

// expected-error@+1 {{has two clauses 'rows'}}
plan.kernel @k(%x: memref<4xf32>) rows(1) rows(2) {
  plan.return
}

// -----

// expected-error@+1 {{tile has 2 sizes, expected M x N x K}}
plan.kernel @k(%x: memref<4xf32>) tile(<64x32>) {
  plan.return
}

// -----

// expected-error@+1 {{tile is 64x0x32, expected positive sizes}}
plan.kernel @k(%x: memref<4xf32>) tile(<64x0x32>) {
  plan.return
}

// -----

// expected-error@+1 {{grid has 2 sizes, expected x, y and z}}
plan.kernel @k(%x: memref<4xf32>) form(rows) launch(<grid = [1, 1], block = [1, 1, 1]>) {
  plan.return
}

// -----

// expected-error@+1 {{block has size 0, expected positive sizes}}
plan.kernel @k(%x: memref<4xf32>) form(rows) launch(<grid = [1, 1, 1], block = [0, 1, 1]>) {
  plan.return
}

// -----

// expected-error@+1 {{block has 2048 threads, expected at most 1024}}
plan.kernel @k(%x: memref<4xf32>) form(rows) launch(<grid = [1, 1, 1], block = [1024, 2, 1]>) {
  plan.return
}

// -----

// expected-error@+1 {{shared_bytes is -1, expected no negative number}}
plan.kernel @k(%x: memref<4xf32>) form(rows) launch(<grid = [1, 1, 1], block = [1, 1, 1], shared_bytes = -1>) {
  plan.return
}

// -----

// expected-error@+1 {{min_blocks is -1, expected no negative number}}
plan.kernel @k(%x: memref<4xf32>) form(rows) launch(<grid = [1, 1, 1], block = [1, 1, 1], min_blocks = -1>) {
  plan.return
}

// -----

// expected-error@+1 {{chip is 'sm_70', expected 'sm_80' or a later one}}
module attributes {plan.target = #plan.target<chip = "sm_70", math = fp32>} {
}

// -----

// launch_c1
plan.program @f(%x: memref<4xf32>) {
  // expected-error@+1 {{'plan.launch' op launches 'k', which is no kernel}}
  plan.launch @k(%x) : memref<4xf32>
  plan.return
}

// -----

// launch_c2
// expected-note@+1 {{kernel is defined here}}
plan.kernel @k(%x: memref<4xf32>, %y: memref<4xf32>) {
  plan.return
}
plan.program @f(%x: memref<4xf32>) {
  // expected-error@+1 {{'plan.launch' op has 1 operands but 'k' has 2 arguments}}
  plan.launch @k(%x) : memref<4xf32>
  plan.return
}

// -----

// launch_c3
// expected-note@+1 {{kernel is defined here}}
plan.kernel @k(%x: memref<4xf32>) {
  plan.return
}
plan.program @f(%x: memref<8xf32>) {
  %v = memref.subview %x[0] [4] [2] : memref<8xf32> to memref<4xf32, strided<[2]>>
  // expected-error@+1 {{'plan.launch' op operand 0 has type 'memref<4xf32, strided<[2]>>', expected a view with the strides of 'memref<4xf32>'}}
  plan.launch @k(%v) : memref<4xf32, strided<[2]>>
  plan.return
}

// -----

func.func @f() {
  // expected-error@+1 {{'plan.range' op expects parent op 'plan.kernel'}}
  %begin, %end = plan.range
  return
}

// -----

func.func @f() {
  // expected-error@+1 {{'plan.return' op expects parent op to be one of 'plan.program, plan.kernel'}}
  plan.return
}

// -----

// expected-error@+1 {{'func.func' op has 'plan.target', which is for modules}}
func.func private @f() attributes {plan.target = #plan.target<chip = "", math = fp32>}

// -----

// expected-error@+1 {{'builtin.module' op has 'plan.target' = "sm_80", expected #plan.target}}
module attributes {plan.target = "sm_80"} {
}

// -----

// expected-error@+1 {{'func.func' op has 'plan.resident', which it cannot have}}
func.func private @f() attributes {plan.resident}

// -----

// expected-error@+1 {{'builtin.module' op has 'plan.initializer', which is for functions}}
module attributes {plan.initializer = @f} {
}

// -----

// expected-error@+1 {{'func.func' op has 'plan.initializer' = 1 : i64, expected the name of a function}}
func.func private @f() attributes {plan.initializer = 1 : i64}

// -----

// expected-error@+1 {{'func.func' op has 'plan.result' = -1 : i64, expected a number of type i64 from 0}}
func.func private @f(memref<4xf32> {plan.result = -1 : i64})

// -----

// expected-error@+1 {{'func.func' op has 'plan.in_place' on an argument}}
func.func private @f(memref<4xf32> {plan.in_place = 0 : i64})

// -----

// expected-error@+1 {{'func.func' op has 'plan.register_only', which is for arguments of kernels}}
func.func private @f(memref<4xf32> {plan.register_only})

// -----

// expected-error@+1 {{'plan.kernel' op has 'plan.register_only' with a value}}
plan.kernel @k(%x: memref<4xf32> {plan.register_only = 1 : i64}) {
  plan.return
}

// -----

// expected-error@+1 {{'func.func' op has 'plan.result' on a result}}
func.func private @f() -> (tensor<4xf32> {plan.result = 0 : i64})
