def Tested : PDQPass<"pdq-tested", "ModuleOp"> {
}
def WithoutFile : PDQPass<"pdq-without-file", "::mlir::func::FuncOp"> {
}
def RunElsewhere : PDQPass<"pdq-run", "ModuleOp"> {
}
