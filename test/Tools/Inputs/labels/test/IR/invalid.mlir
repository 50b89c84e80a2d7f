// gather_c1
"gather_c2"()
// gather_c3, gather_c4
