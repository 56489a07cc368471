"""The forms of one number: which are one, and which can belong to two people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.people.number_forms import OTHER_SHAPES, canonical, forms

ONE = [
    ("Brazil, São Paulo", "+5511987654321", "+551187654321"),
    ("Brazil, Belo Horizonte", "+5531996883193", "+553196883193"),
    ("Brazil, an old mobile with 6", "+5585961234567", "+558561234567"),
    ("Brazil, an old mobile with 71", "+5571971234567", "+557171234567"),
    ("Mexico", "+525512345678", "+5215512345678"),
    ("Argentina, Buenos Aires", "+5491158749895", "+541158749895"),
    ("Argentina, a long area code", "+5492966123456", "+542966123456"),
    ("Côte d'Ivoire, Moov", "+2250140123456", "+22540123456"),
    ("Côte d'Ivoire, MTN", "+2250505123456", "+22505123456"),
    ("Côte d'Ivoire, Orange", "+2250748123456", "+22548123456"),
    ("Benin", "+2290195123456", "+22995123456"),
]
TWO = [
    ("Brazil, a landline is not the mobile with a 9 before it", "+551132654321", "+5511932654321"),
    ("Brazil, a landline of Brasília", "+556134567890", "+5561934567890"),
    ("Brazil, trunk radio never got the ninth digit", "+551178654321", "+5511978654321"),
    ("Brazil, trunk radio with 70", "+551170654321", "+5511970654321"),
    ("Brazil, another area", "+5511987654321", "+552187654321"),
    ("Mexico, a digit too few", "+52155123456", "+52551234567"),
    ("Côte d'Ivoire, another operator", "+2250148123456", "+22548123456"),
    ("Côte d'Ivoire, a new number without an old one", "+2250718139912", "+22518139912"),
    ("Côte d'Ivoire, landlines", "+2252720123456", "+22520123456"),
    ("Israel", "+972501230126", "+97201230126"),
    ("the United States", "+15551234567", "+5551234567"),
    ("Portugal", "+351912345678", "+35112345678"),
    ("user ids", "BR.5511987654321", "BR.551187654321"),
]


@pytest.mark.parametrize(("what", "here", "there"), ONE, ids=[row[0] for row in ONE])
def test_forms_of_one_number(what: str, here: str, there: str) -> None:
    assert canonical(here) == canonical(there) == here
    assert set(forms(here)) == set(forms(there)) == {here, there}


@pytest.mark.parametrize(("what", "here", "there"), TWO, ids=[row[0] for row in TWO])
def test_numbers_of_two_people(what: str, here: str, there: str) -> None:
    assert canonical(here) != canonical(there)
    assert there not in forms(here)
    assert here not in forms(there)


numbers = st.builds(
    "".join,
    st.tuples(
        st.sampled_from("+55 +551 +52 +521 +54 +549 +225 +22507 +229 +22901 +972 +1".split()),
        st.text("0123456789", min_size=6, max_size=11),
    ),
)


@given(numbers)
def test_every_form_has_the_same_forms(number: str) -> None:
    assert forms(number)[0] == canonical(number)
    assert number in forms(number)
    assert {forms(each) for each in forms(number)} == {forms(number)}


@given(numbers, numbers)
def test_two_numbers_share_all_forms_or_none(one: str, other: str) -> None:
    shared = set(forms(one)) & set(forms(other))
    assert shared in (set(), set(forms(one)))
    assert (canonical(one) == canonical(other)) == bool(shared)


@given(numbers)
def test_what_is_not_canonical_has_one_of_the_shapes(number: str) -> None:
    if canonical(number) != number:
        assert any(number.startswith(prefix) and len(number) == length for prefix, length in OTHER_SHAPES)
