// launch_c1, program_c1
