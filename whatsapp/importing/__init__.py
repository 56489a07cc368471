"""Importing contacts from files of any length, in the background.

`rows` understands a row (pure), `people` writes what a chunk says, `files` stores and measures what was uploaded,
`imports` changes an import's state, `reading` reads it chunk by chunk and can be killed at any point.
"""
