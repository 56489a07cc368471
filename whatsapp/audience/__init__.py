"""The people of a broadcast: from a file, from contacts, from an earlier broadcast, into frozen rows.

`tables` reads files, `columns` and `rows` understand them (both pure), `sources` yields candidates of every kind,
`freeze` writes them as recipients batch by batch, `prepare` drives that and can be interrupted at any point.
"""
