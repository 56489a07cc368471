"""All benchmarks that `make bench` runs: what each measures, one table of it, one picture."""
