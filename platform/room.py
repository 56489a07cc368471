"""Room for a bounded quantity in this process, for all clients together and for each of them.

Only the event loop uses it, so it needs no locks.
"""

from __future__ import annotations

from collections import Counter


class Room:
    """`most` of something for everybody, and `most_each` for each client."""

    class Claim:
        """A part that a client has taken; `release` gives it back, once."""

        def __init__(self, room: Room, client: str, size: int) -> None:
            self._room = room
            self._client = client
            self._size = size

        def release(self) -> None:
            """Give the part back."""
            taken = self._room.taken
            taken[self._client] -= self._size
            if not taken[self._client]:
                del taken[self._client]
            self._size = 0

    def __init__(self, *, most: int, most_each: int) -> None:
        self.most = most
        self.most_each = most_each
        self.taken: Counter[str] = Counter()

    def claim(self, client: str, size: int = 1) -> Claim | None:
        """Take a part. Returns None if there is no room for it."""
        if self.taken.total() + size > self.most or self.taken[client] + size > self.most_each:
            return None
        self.taken[client] += size
        return self.Claim(self, client, size)
