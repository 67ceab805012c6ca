"""What a job is, as pure values: no I/O, no clock of its own, no event loop."""
