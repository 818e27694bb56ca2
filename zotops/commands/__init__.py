"""One file per command; each wires the parts and turns outcomes into an exit code."""
