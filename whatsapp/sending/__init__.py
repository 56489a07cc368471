"""The sending loop: who may send what and when, and what an answer changes.

Pure rules (`pace`, `retries`, `breaker`, `rotation`) know no database, clock or network. `claims`, `results` and
`sweeper` change rows, `waves` and `loop` put them in motion. docs/broadcasts.md tells the whole way of a message.
"""
