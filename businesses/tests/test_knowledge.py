"""What a business knows: it is found by the words that callers use, kept in an order, and fits into a call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesses.errors import KnowledgeFull
from businesses.knowledge import budget, entries, search, splitting, terms
from businesses.models import Business, KnowledgeEntry
from businesses.tenancy import acting_for

PARKING = ("יש חניה?", "החניה מאחורי הבית.")
BRING = ("What should I bring?", "Your identity card and earlier X-rays.")
PRICES = ("מחירון", "ניקוי שיניים 250 שקלים. הלבנה 1200 שקלים.")


@pytest.fixture
def clinic(db: None) -> Business:
    business = Business.objects.create(name="Clinic", slug="clinic", language="he")
    with acting_for(business):
        entries.add_all(business, [PARKING, BRING, PRICES])
    return business


def found(business: Business, query: str) -> list[str]:
    with acting_for(business):
        return [each.title for each in search.find(business, query)]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("חניה", PARKING[0]),
        ("איפה החניה שלכם?", PARKING[0]),
        ("אפשר לבוא עם רכב? יש בחניה מקום?", PARKING[0]),
        ("חָנִיָּה", PARKING[0]),
        ("כמה עולה הלבנה", PRICES[0]),
        ("מה המחיר של ניקוי", PRICES[0]),
        ("what do I need to bring", BRING[0]),
        ("X-ray", BRING[0]),
        ("IDENTITY CARDS", BRING[0]),
    ],
)
def test_callers_words_find_it(clinic: Business, query: str, title: str) -> None:
    assert found(clinic, query)[:1] == [title]


@pytest.mark.parametrize("query", ["", "?!", "גלידה", "zzz", "' OR 1=1 --", '"*" NEAR(', "a & | ! b:*"])
def test_what_is_not_there_is_not_found_whatever_is_asked(clinic: Business, query: str) -> None:
    assert found(clinic, query) == []


def test_the_title_counts_more_than_the_text(clinic: Business) -> None:
    with acting_for(clinic):
        entries.save(KnowledgeEntry(business=clinic, title="Insurance", text="We have parking for visitors."))
        entries.save(KnowledgeEntry(business=clinic, title="Parking", text="Behind the house."))
    assert found(clinic, "parking") == ["Parking", "Insurance"]


def test_the_index_follows_changes_and_removals(clinic: Business) -> None:
    with acting_for(clinic):
        entry = KnowledgeEntry.objects.get(title=BRING[0])
        entry.text = "A smile."
        entries.save(entry)
    assert found(clinic, "smile") == [BRING[0]]
    assert found(clinic, "identity") == []
    with acting_for(clinic):
        entries.switch(entry, is_on=False)
    assert found(clinic, "smile") == []
    with acting_for(clinic):
        entries.switch(entry, is_on=True)
        entries.remove(entry)
    assert found(clinic, "smile") == []


def test_another_businesss_entries_are_never_found(clinic: Business) -> None:
    other = Business.objects.create(name="Other", slug="other")
    with acting_for(other):
        entries.add_all(other, [("Parking", "Nowhere."), PRICES])
    assert found(clinic, "nowhere") == []
    assert found(clinic, "מחירון") == [PRICES[0]]
    other.delete()
    assert found(clinic, "מחירון") == [PRICES[0]]


def test_order_and_bounds(clinic: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    with acting_for(clinic):
        rows = list(KnowledgeEntry.objects.filter(business=clinic))
        entries.move_up(rows[2])
        entries.move_up(rows[0])
        assert [row.title for row in entries.entries_of(clinic)] == [PARKING[0], PRICES[0], BRING[0]]
        monkeypatch.setattr(entries, "MOST_ENTRIES", 4)
        with pytest.raises(KnowledgeFull):
            entries.add_all(clinic, [("a", "b"), ("c", "d")])
        assert KnowledgeEntry.objects.filter(business=clinic).count() == 3, "all or none"


@pytest.mark.pure
def test_a_text_is_split_by_headings_questions_and_paragraphs() -> None:
    text = (
        "Welcome to us.\n\n# Prices\nCleaning 250.\n\n## Children\n\nHalf of it.\n\nTreatments\n----------\nMany.\n\n"
        "Q: Is there parking?\nA: Behind the house.\nש: יש מעלית?\nת: כן.\n"
    )
    assert splitting.split(text) == [
        ("Welcome to us.", "Welcome to us."),
        ("Prices", "Cleaning 250."),
        ("Children", "Half of it."),
        ("Treatments", "Many."),
        ("Is there parking?", "Behind the house."),
        ("יש מעלית?", "כן."),
    ]


@pytest.mark.pure
def test_a_long_part_becomes_several_with_whole_sentences() -> None:
    text = "# Story\n" + " ".join(f"Sentence number {number} ends here." for number in range(200))
    parts = splitting.split(text)
    assert len(parts) > 3
    assert parts[1][0] == "Story (2)"
    assert all(len(body) <= splitting.LONGEST_TEXT and body.endswith(".") for _title, body in parts)


@pytest.mark.pure
@given(text=st.text(alphabet=st.sampled_from("abאב .?\n#-=:QAשת"), max_size=400))
def test_no_word_of_a_text_is_lost(text: str) -> None:
    parts = splitting.split(text)
    kept = terms.words_of(" ".join(f"{title} {body}" for title, body in parts))
    bodies = [line for line in text.split("\n") if line.strip() and not line.strip().startswith("#")]
    if parts and not any(sign in text for sign in "?:.=-#"):
        assert set(terms.words_of(" ".join(bodies))) <= set(kept)
    assert all(title and len(title) <= splitting.LONGEST_TITLE and body.strip() for title, body in parts)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("שלום\r\n".encode("utf-8-sig"), "שלום\n"),
        ("שלום".encode("utf-16"), "שלום"),
        ("שלום".encode("cp1255"), "שלום"),
        (b"\x00\x01PK", None),
    ],
)
def test_files_of_several_encodings_are_read(data: bytes, text: str | None) -> None:
    assert splitting.decode(data) == text


@pytest.mark.pure
def test_what_fits_is_told_and_the_rest_is_named() -> None:
    rows = [KnowledgeEntry(title=f"Subject {number}", text="word " * size) for number, size in enumerate((50, 400, 50))]
    divided = budget.divided(rows, most=200)
    assert [each.title for each in divided.told] == ["Subject 0", "Subject 2"]
    assert divided.named == ("Subject 1",)
    assert budget.tokens("abcd") == 1
    assert budget.tokens("שלום") == 2


@pytest.mark.pure
@pytest.mark.parametrize("letter", ["a", "ש"])
def test_no_business_can_write_more_than_openai_takes(letter: str) -> None:
    """Every text as long as its field allows; rules, greeting and tools get what is left."""
    business = Business(
        instructions=letter * 20_000, closed_instructions=letter * 4_000, opening_hours=letter * 2_000,
        directions=letter * 1_000, address=letter * 200, greeting_text=letter * 1_000, recording_notice=letter * 300,
    )  # fmt: skip
    texts = (business.instructions, business.closed_instructions, business.opening_hours, business.directions)
    used = sum(map(budget.tokens, texts)) + budget.room(business)
    assert used < budget.OPENAIS_LIMIT - 1_500
