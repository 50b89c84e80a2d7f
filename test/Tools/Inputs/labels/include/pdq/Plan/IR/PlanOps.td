def Plan_LaunchOp : Plan_Op<"launch"> {
  let description = "The kernel exists (launch_c1), the program too (program_c1)";
}
