"""Which transcripts show that somebody spoke, where our own ears heard no voice: both sides (G10, G17)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.conversation.phantoms import LEAST_LOGPROB, is_evidence, is_loop, is_phantom, scripts_of

pytestmark = pytest.mark.pure

INVENTED = [
    # English
    "Thank you for watching!",
    "Thanks for watching!",
    "Thank you.",
    "Thank you. Thank you for watching!",
    "Thank you so much for watching, bye-bye.",
    "you",
    "You. You.",
    "Bye.",
    "Please subscribe to my channel!",
    "Don't forget to subscribe.",
    "I'll see you in the next video.",
    "Subtitles by the Amara.org community",
    "Transcription by CastingWords",
    "www.mooji.org",
    "Please see the complete disclaimer at https://sites.google.com",
    "[Music]",
    "(applause)",
    "♪ ♪",
    "♪ la la la ♪",
    "The End",
    "no no no no no no",
    "hello hello hello hello",
    # Hebrew
    "תודה.",
    "תודה רבה.",
    "תודה רבה שצפיתם",
    "תודה על הצפייה!",
    "תּוֹדָה רַבָּה",
    "\u200fתודה רבה.\u200f",
    "תודה רבה, להתראות.",
    "כתוביות: מיכל לוי",
    "תרגום: דנה כהן",
    "אל תשכחו להירשם לערוץ",
    "לא לא לא לא",
    # the world's
    "ご視聴ありがとうございました",
    "ご視聴ありがとうございました。",
    "次の動画でお会いしましょう",
    "はい",
    "시청해주셔서 감사합니다!",
    "구독과 좋아요 부탁드립니다",
    "谢谢大家",
    "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
    "字幕由Amara.org社区提供",
    "Субтитры сделал DimaTorzok",
    "Продолжение следует...",
    "Спасибо за просмотр!",
    "Дякую за перегляд!",
    "ترجمة نانسي قنقر",
    "شكرا على المشاهدة",
    "Merci d'avoir regardé cette vidéo !",
    "Sous-titrage Société Radio-Canada",
    "Sous-titres réalisés par la communauté d'Amara.org",
    "¡Gracias por ver el video!",
    "¡Suscríbete al canal!",
    "Obrigado por assistir!",
    "Vielen Dank fürs Zuschauen!",
    "Untertitelung des ZDF, 2020",
    "Untertitel der Amara.org-Community",
    "Sottotitoli e revisione a cura di QTSS",
    "Grazie per la visione!",
    "TV GELDERLAND 2021",
    "Dziękuję za uwagę.",
    "Altyazı M.K.",
    "İzlediğiniz için teşekkürler.",
    "Abone olmayı unutmayın",
    "Hãy subscribe cho kênh Ghiền Mì Gõ",
    "Terima kasih telah menonton",
    "Diolch yn fawr am wylio'r fideo.",
    "धन्यवाद",
    "Υπότιτλοι AUTHORWAVE",
    "สวัสดีครับ ผมอยากทราบราคา",  # words, but in a script that the caller has not spoken
    "Здравствуйте, вы сегодня работаете?",
    # no word
    "",
    "...",
    "mm",
]
SAID = [
    "what are your hours",
    "Thank you, and what about Friday?",
    "Thanks. Can I come on Tuesday?",
    "No, thank you. Tuesday at four.",
    "Bye, I'll call again about the watch",
    "I am watching the door, are you open?",
    "I would like to subscribe to the newsletter",
    "Hello?",
    "Hello, is anybody there?",
    "yes",
    "no",
    "No, no.",
    "yes yes",
    "four five six",
    "054 321 7788",
    "5",
    "Dana Levi",
    "Can you see me tomorrow?",
    "help",
    "Doctor Cohen please",
    "כן",
    "לא",
    "לא, לא",
    "רגע",
    "הלו?",
    "תודה, ומה השעות בשישי?",
    "תודה רבה. אפשר לקבוע תור?",
    "אני צופה בחדשות, תחזרו אליי",
    "להתראות ביום שלישי בארבע",
    "אפשר לדבר עם מיכל?",
    "יש לכם מקום לשניים הערב?",
    "ok, מחר בבוקר",
    "אני רוצה לבטל תור",
    "חמש",
    "כמה זה עולה",
    "¿Están abiertos hoy?",
    "Merci, à quelle heure fermez-vous ?",
    "Danke, haben Sie morgen auf?",
]


def speaks(text: str, *, scripts: frozenset[str] = frozenset(), logprob: float | None = -0.2) -> bool:
    return is_evidence(text, language="he", scripts=scripts, logprob=logprob)


def test_the_table_is_long_enough() -> None:
    assert len(INVENTED) >= 60
    assert len(SAID) >= 30


@pytest.mark.parametrize("text", INVENTED)
def test_what_transcribers_invent_is_no_evidence(text: str) -> None:
    assert not speaks(text)
    assert not speaks(text, logprob=None)


@pytest.mark.parametrize("text", SAID)
def test_what_callers_say_is(text: str) -> None:
    assert speaks(text)
    assert speaks(text, logprob=None)


@pytest.mark.parametrize("text", SAID)
def test_words_of_which_the_transcriber_is_not_sure_are_none(text: str) -> None:
    assert not speaks(text, logprob=LEAST_LOGPROB - 0.01)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Здравствуйте, вы сегодня работаете?", "CYRILLIC"),
        ("مرحبا، متى تفتحون؟", "ARABIC"),
        ("สวัสดีครับ ผมอยากทราบราคา", "THAI"),
        ("予約をお願いします", "CJK"),
    ],
)
def test_a_script_that_this_caller_has_spoken_is_the_caller_s(text: str, script: str) -> None:
    assert not speaks(text)
    assert speaks(text, scripts=frozenset({script, *scripts_of(text)}))


def test_english_callers_hebrew_is_a_script_of_another() -> None:
    assert not is_evidence("אפשר לקבוע תור", language="en", scripts=frozenset(), logprob=None)
    assert is_evidence("אפשר לקבוע תור", language="en", scripts=frozenset({"HEBREW"}), logprob=None)


@given(st.text(max_size=200))
def test_any_text_can_be_judged(text: str) -> None:
    assert speaks(text) in (True, False)
    assert not (speaks(text) and (is_phantom(text) or is_loop(text)))


@given(st.text(max_size=60))
def test_more_confidence_never_makes_less_evidence(text: str) -> None:
    assert speaks(text, logprob=-5.0) <= speaks(text, logprob=-0.5) <= speaks(text, logprob=None)
