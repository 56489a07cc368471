"""Which addresses are one person's, given the ties between them. Pure: no database, no clock."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping

Pair = tuple[str, str]
"""Two addresses, the smaller one first."""


def pair(one: str, other: str) -> Pair:
    """Returns two addresses in the order in which a tie keeps them."""
    return (one, other) if one < other else (other, one)


def persons(ties: Iterable[Pair]) -> set[frozenset[str]]:
    """Returns the people: the sets of addresses that hang together. The order of the ties makes no difference."""
    neighbours = _neighbours(ties)
    found: set[frozenset[str]] = set()
    seen: set[str] = set()
    for start in neighbours:
        if start not in seen:
            together = _reached(neighbours, start)
            seen |= together
            found.add(frozenset(together))
    return found


def joining(
    ties: Iterable[Pair], key: Callable[[str], str], cuts: Collection[Pair] = ()
) -> tuple[list[Pair], list[set[str]]]:
    """Returns the ties that tell something new, and the groups of keys that become one person.

    `key` tells the person of an address as known before. A tie between people of whom somebody said that they are two
    (`cuts`, pairs of addresses) is left out.
    """
    groups: dict[str, set[str]] = {}
    apart = [(key(one), key(other)) for one, other in cuts]
    told: list[Pair] = []
    for tie in ties:
        here, there = (groups.setdefault(key(address), {key(address)}) for address in tie)
        if here is there or any({one, other} <= here | there for one, other in apart):
            continue
        told.append(tie)
        here |= there
        groups |= dict.fromkeys(there, here)
    return told, [set(group) for group in {id(group): group for group in groups.values()}.values() if len(group) > 1]


def sides(ties: Iterable[Pair], mine: Collection[str], theirs: Collection[str]) -> tuple[set[str], set[str]]:
    """Returns the addresses of two people who were taken for one, given some of each.

    An address that was tied later goes with the one to whom the way of ties is shorter; at a draw with `mine`.
    """
    neighbours = _neighbours(ties)
    owner = dict.fromkeys(theirs, 1) | dict.fromkeys(mine, 0)
    waiting = deque([*mine, *(address for address in theirs if owner[address])])
    while waiting:
        here = waiting.popleft()
        for there in sorted(neighbours[here]):
            if there not in owner:
                owner[there] = owner[here]
                waiting.append(there)
    return {address for address in owner if not owner[address]}, {address for address in owner if owner[address]}


def crossing(ties: Iterable[Pair], one: Collection[str], other: Collection[str]) -> set[Pair]:
    """Returns the ties between an address of `one` and one of `other`."""
    return {tie for tie in ties if (tie[0] in one and tie[1] in other) or (tie[0] in other and tie[1] in one)}


def _neighbours(ties: Iterable[Pair]) -> defaultdict[str, set[str]]:
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in ties:
        neighbours[one].add(other)
        neighbours[other].add(one)
    return neighbours


def _reached(neighbours: Mapping[str, set[str]], start: str) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = neighbours[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached
