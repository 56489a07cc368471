"""`make mutants`: breaks the core and the sending rules in one place at a time, and lists what no test notices.

`operators` finds the places, `swapping` puts a changed function into the running program, `trial` lets the tests that
reach it run in a forked process, `page` writes `docs/mutants.md`. Nothing on disk is changed meanwhile.
"""
