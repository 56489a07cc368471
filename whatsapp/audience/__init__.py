"""The people of a broadcast: from a file, from contacts, from an earlier broadcast, into frozen rows.

`columns` and `rows` understand the rows of a file (both pure), `sources` yields candidates of every kind, and
`freeze` writes them as recipients batch by batch. `broadcasts.prepare` drives it and can be interrupted at any point.
"""
