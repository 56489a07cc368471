"""The sending loop: who may send what and when, and what an answer changes.

The pure rules (`pace`, `retries`, `breaker`, `rotation`) use no database, clock or network. `claims`, `results` and
`sweeper` change rows, `waves` and `running.loop` put them in motion. See docs/sending.md for the way of a message.
"""
