"""Figures beside their goals; `make bench`. Not a test: what a machine does is shown here, not judged."""
