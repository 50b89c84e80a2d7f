// CHECK: nothing runs this
