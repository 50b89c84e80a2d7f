// launch_c1: a case

// program_c1
