"""Benchmarks that anybody can repeat: our figures and the machine's floor in one run."""
