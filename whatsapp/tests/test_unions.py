"""Which addresses are one person's: properties of the pure rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.people.contact_facts import Facts, facts_in, merged, parted
from whatsapp.people.unions import Pair, crossing, joining, pair, persons, sides

pytestmark = pytest.mark.pure

addresses = st.sampled_from([f"+1555000{number}" for number in range(7)])
ties = st.lists(st.tuples(addresses, addresses).filter(lambda two: two[0] != two[1]).map(lambda two: pair(*two)))
consents = st.sampled_from(["unknown", "granted", "withdrawn"])
words = st.text("ab", max_size=2)
facts = st.builds(
    Facts,
    phone=st.none() | addresses,
    bsuid=st.none() | st.sampled_from(["US.1", "US.2"]),
    name=words,
    language=words,
    attributes=st.dictionaries(st.sampled_from(["city", "size"]), words),
    tags=st.frozensets(st.sampled_from(["vip", "new", "old"])),
    consent=consents,
    consent_source=words,
    last_inbound_at=st.none() | st.datetimes(),
)


def told(news: list[Pair], known: dict[str, str] | None = None) -> list[Pair]:
    """The ties of a list that tell something new."""
    keys = known or {}
    return joining(news, lambda address: keys.get(address, address))[0]


@given(ties, st.randoms())
def test_the_order_of_news_makes_no_difference(news: list[Pair], chance: object) -> None:
    shuffled = list(news)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # a Random
    assert persons(news) == persons(shuffled) == persons([*news, *shuffled])


@given(ties)
def test_the_ties_that_told_something_unite_the_same_people_as_all(news: list[Pair]) -> None:
    forest = told(news)
    assert persons(forest) == persons(news)
    assert len(forest) == sum(len(person) - 1 for person in persons(news)), "one way between two addresses"


@given(ties, ties)
def test_news_in_two_parts_unite_the_same_people_as_at_once(first: list[Pair], second: list[Pair]) -> None:
    known = {address: min(person) for person in persons(first) for address in person}
    forest = [*told(first), *told(second, known)]
    assert persons(forest) == persons([*first, *second])


@given(ties, ties)
def test_parting_restores_who_was_whom(one: list[Pair], other: list[Pair]) -> None:
    other = [pair(a.replace("555", "666"), b.replace("555", "666")) for a, b in other]
    before = persons([*one, *other])
    if not persons(one) or not persons(other):
        return
    mine, theirs = min(persons(one), key=sorted), min(persons(other), key=sorted)
    bridge = pair(min(mine), max(theirs))
    together = [*told(one), *told(other), bridge]
    mine_again, theirs_again = sides(
        [tie for tie in together if set(tie) <= mine | theirs], sorted(mine), sorted(theirs)
    )
    assert (mine_again, theirs_again) == (set(mine), set(theirs))
    cut = crossing(together, mine_again, theirs_again)
    assert cut == {bridge}
    assert persons(set(together) - cut) == before


def test_what_was_tied_later_goes_with_the_nearer_one() -> None:
    chain = [pair("a", "b"), pair("b", "c"), pair("c", "d"), pair("d", "e")]
    assert sides(chain, ["a"], ["e"]) == ({"a", "b", "c"}, {"d", "e"})
    assert sides(chain, ["e"], ["a"]) == ({"e", "d", "c"}, {"b", "a"})


def test_news_do_not_join_what_somebody_has_parted() -> None:
    cuts = [pair("a", "c")]
    forest, groups = joining([pair("a", "b"), pair("b", "c"), pair("c", "d")], str, cuts)
    assert (forest, sorted(map(sorted, groups))) == ([("a", "b"), ("c", "d")], [["a", "b"], ["c", "d"]])


@given(facts, facts)
def test_merging_loses_nothing_and_the_strictest_consent_wins(kept: Facts, absorbed: Facts) -> None:
    one = merged(kept, absorbed)
    assert one.tags == kept.tags | absorbed.tags
    assert set(one.attributes) == set(kept.attributes) | set(absorbed.attributes)
    assert bool(one.name) == bool(kept.name or absorbed.name)
    assert ("withdrawn" in {kept.consent, absorbed.consent}) == (one.consent == "withdrawn")
    assert ({kept.consent, absorbed.consent} == {"unknown"}) == (one.consent == "unknown")


@given(facts, facts)
def test_consent_and_tags_do_not_depend_on_who_is_kept(one: Facts, other: Facts) -> None:
    here, there = merged(one, other), merged(other, one)
    assert (here.consent, here.tags, here.last_inbound_at) == (there.consent, there.tags, there.last_inbound_at)


@given(facts, facts)
def test_undoing_a_merge_restores_the_kept_contact(kept: Facts, absorbed: Facts) -> None:
    assert parted(merged(kept, absorbed), kept, absorbed) == kept


@given(facts)
def test_facts_are_kept_as_json(known: Facts) -> None:
    assert facts_in(known.kept()) == known
