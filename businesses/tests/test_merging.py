"""Two people who change one row at once: nobody's change is lost unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.forms.merging import merge

pytestmark = pytest.mark.pure
rows = st.fixed_dictionaries({name: st.sampled_from("xyz") for name in "abcd"})


@given(rows, rows, rows)
def test_each_field_has_the_change_that_was_made_to_it(
    seen: dict[str, str], mine: dict[str, str], theirs: dict[str, str]
) -> None:
    merged = merge(seen=seen, mine=mine, theirs=theirs)
    for name, before in seen.items():
        stored = theirs[name] if name in merged.theirs else mine[name]
        if name in merged.conflicts:
            assert len({before, mine[name], theirs[name]}) == 3, "asked only where all three differ"
        elif mine[name] == before:
            assert stored == theirs[name], "whoever changed nothing takes nothing back"
        else:
            assert stored == mine[name]
            assert theirs[name] in {before, mine[name]}, "nobody else's change is overwritten"


@given(rows, rows)
def test_what_nobody_has_seen_is_the_writers(mine: dict[str, str], theirs: dict[str, str]) -> None:
    merged = merge(seen={}, mine=mine, theirs=theirs)
    assert not merged.theirs | merged.conflicts
