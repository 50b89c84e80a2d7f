def InATestFile : Pass<"in-a-test-file"> {
}
