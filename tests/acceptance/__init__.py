"""The `campaign` process from outside, against the simulator in a process of its own."""
