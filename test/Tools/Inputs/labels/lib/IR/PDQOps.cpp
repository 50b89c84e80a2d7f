// gather_c1
void verify(bool gather_c3); // gather_c2
