def PDQ_GatherOp : PDQ_Op<"gather", [Pure]> {
  let description = [{
    The shapes agree (gather_c1), the source has a rank (gather_c2), the
    indices are integers (gather_c3). The shapes agree (gather_c1).
  }];
}
