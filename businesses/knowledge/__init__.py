"""What a business knows: entries in an order, their search, and texts split into entries.

`entries.py` reads and changes them, `search.py` finds them, `terms.py` makes comparable words of a text (pure), and
`splitting.py` makes entries of a file (pure).
"""
