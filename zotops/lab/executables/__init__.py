"""Stand-ins for the programs that a deployment calls; each file is one program, called as the real one is."""
