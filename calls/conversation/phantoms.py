"""Transcripts of sounds in which nobody spoke: what they look like, and when a transcript is evidence of speech.

Transcribers were trained on subtitles. Of a cough, a chord or a hair dryer they make what subtitles say where nobody
speaks: thanks for watching, credits, "you". Such words are no evidence that somebody spoke. People say some of them
too, so a transcript is judged only where our own ears heard no voice (`Caller.is_doubted`):

    the transcript                                           is evidence of speech
    no word (`transcripts.is_noise`)                         no
    made of known phantoms only                              no
    one word over and over                                   no
    mostly in a script that this caller has not spoken       no
    transcribed with little confidence                       no
    anything else: a voice that our ears don't know          yes

The phantoms are those that people report of Whisper and of gpt-4o-transcribe.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

from calls.conversation.transcripts import is_noise, letters

LEAST_LOGPROB: Final = -1.0
"""Mean of the natural logarithms of the tokens' probabilities; Whisper itself drops segments below this."""
FEWEST_REPEATS: Final = 3
SCRIPTS: Final = {"he": "HEBREW", "en": "LATIN"}
"""The script of a business's language. Latin is everybody's: callers mix English in."""

_PHRASES: Final = {
    "en": "you|thank you|thank you very much|thank you so much|thanks|thank you all|thank you everyone|bye"
    "|bye bye|okay|so|the end|music|applause|laughter|silence|thank you for watching"
    "|thanks for watching|thank you for listening|thanks for listening|thank you for your time"
    "|thank you for your attention|thank you so much for watching|thank you very much for watching"
    "|please subscribe|please subscribe to my channel|dont forget to subscribe|like and subscribe"
    "|please like and subscribe|see you next time|see you in the next video|see you next video"
    "|ill see you in the next video|well be right back|i hope you enjoyed this video|subtitles by"
    "|transcribed by|subtitles by the amaraorg community|see you later|take care",
    "he": "תודה|תודה רבה|תודה לכם|תודה רבה לכם|תודה רבה שצפיתם|תודה שצפיתם|תודה על הצפייה"
    "|תודה רבה על הצפייה|תודה שהאזנתם|תודה על ההאזנה|תודה רבה על ההקשבה|תודה על ההקשבה|להתראות"
    "|נתראה בפעם הבאה|נתראה בסרטון הבא|אל תשכחו להירשם לערוץ|הירשמו לערוץ|מוזיקה|מחיאות כפיים"
    "|תרגום וכתוביות|כתוביות",
    "ar": "شكرا|شكرا لكم|شكرا جزيلا|شكرا للمشاهدة|شكرا على المشاهدة|شكرا لكم على المشاهدة|ترجمة نانسي قنقر"
    "|اشتركوا في القناة|لا تنسوا الاشتراك في القناة|موسيقى",
    "ru": "спасибо|спасибо за просмотр|спасибо за внимание|продолжение следует|субтитры сделал dimatorzok"
    "|до встречи|субтитры создавал dimatorzok|подписывайтесь на канал|подпишись на канал|до свидания"
    "|музыка|аплодисменты|пока",
    "uk": "дякую|дякую за перегляд|дякуємо за перегляд|дякую за увагу|до побачення",
    "fr": "merci|merci beaucoup|merci davoir regardé|merci davoir regardé cette vidéo|merci à tous"
    "|au revoir|à bientôt|abonnezvous|noubliez pas de vous abonner"
    "|soustitres réalisés par la communauté damaraorg|soustitrage st 501"
    "|soustitrage société radiocanada|soustitrage",
    "es": "gracias|muchas gracias|gracias por ver|gracias por ver el video|gracias por ver el vídeo"
    "|gracias por su atención|suscríbete|suscríbete al canal|no olvides suscribirte|hasta la próxima"
    "|hasta luego|adiós|música|subtítulos realizados por la comunidad de amaraorg"
    "|subtítulos por la comunidad de amaraorg",
    "pt": "obrigado|obrigada|muito obrigado|obrigado por assistir|obrigada por assistir|inscrevase"
    "|inscrevase no canal|até a próxima|tchau|legendas pela comunidade amaraorg",
    "de": "danke|vielen dank|danke schön|danke fürs zuschauen|vielen dank fürs zuschauen"
    "|vielen dank für ihre aufmerksamkeit|bis zum nächsten mal|tschüss"
    "|untertitel der amaraorgcommunity|untertitelung des zdf 2020|untertitel im auftrag des zdf"
    "|untertitelung aufgrund der amaraorgcommunity|untertitel von stephanie geiges|musik",
    "it": "grazie|grazie mille|grazie a tutti|grazie per aver guardato|grazie per la visione"
    "|iscriviti al canale|sottotitoli creati dalla comunità amaraorg"
    "|sottotitoli e revisione a cura di qtss|ciao",
    "nl": "bedankt|dank je wel|bedankt voor het kijken|ondertitels ingediend door de amaraorg gemeenschap"
    "|tv gelderland 2021",
    "pl": "dziękuję|dziękuję bardzo|dziękuję za uwagę|dziękuję za oglądanie|dzięki za oglądanie"
    "|napisy stworzone przez|napisy stworzone przez społeczność amaraorg",
    "tr": "teşekkürler|teşekkür ederim|izlediğiniz için teşekkürler|izlediğiniz için teşekkür ederim"
    "|abone ol|abone olmayı unutmayın|altyazı mk|altyazı",
    "ja": "ご視聴ありがとうございました|ご視聴ありがとうございます|ご清聴ありがとうございました"
    "|ありがとうございました|ありがとうございます|ありがとう|次の動画でお会いしましょう"
    "|チャンネル登録お願いします|チャンネル登録をお願いいたします|お疲れ様でした|おやすみなさい",
    "ko": "감사합니다|시청해주셔서 감사합니다|시청해 주셔서 감사합니다|구독과 좋아요 부탁드립니다"
    "|다음 영상에서 만나요|구독 좋아요",
    "zh": "谢谢|謝謝|谢谢大家|謝謝大家|谢谢观看|謝謝觀看|感谢观看|感謝觀看|谢谢收看|謝謝收看"
    "|请不吝点赞订阅转发打赏支持明镜与点点栏目|字幕由amaraorg社区提供|字幕由amaraorg社群提供|下期再见"
    "|我们下期再见|中文字幕志愿者李宗盛|中文字幕志愿者杨茜茜",
    "vi": "cảm ơn|cảm ơn các bạn đã theo dõi|hãy subscribe cho kênh ghiền mì gõ"
    "|hẹn gặp lại các bạn trong những video tiếp theo",
    "id": "terima kasih|terima kasih telah menonton|terima kasih sudah menonton",
    "sv": "tack|tack för att ni har tittat|tack för att du tittade|undertexter från amaraorggemenskapen"
    "|textning stina hedin",
    "da": "tak|tak for at du så med|danske tekster af",
    "no": "takk|takk for at du så på|takk for att du så med|undertekster av ai media",
    "fi": "kiitos|kiitos kun katsoit|kiitos katsomisesta",
    "cs": "děkuji|děkuji za pozornost|titulky vytvořil johnyx",
    "ro": "mulțumesc|vă mulțumim pentru vizionare|să vă mulțumim pentru vizionare|nu uitați să vă abonați",
    "hu": "köszönöm|köszönöm szépen|köszönöm a figyelmet|köszönöm hogy megnézted",
    "el": "ευχαριστώ|σας ευχαριστώ|υπότιτλοι authorwave",
    "hi": "धन्यवाद|देखने के लिए धन्यवाद|वीडियो देखने के लिए धन्यवाद|सब्सक्राइब करें",
    "cy": "diolch yn fawr|diolch yn fawr am wylior fideo|rhaid im ddweud",
}
_CREDITS: Final = re.compile(
    r"amara\.org|dimatorzok|https?:|www\.|\.com\b|copyright|©|^\W*[\[(♪*].*[\])♪*]\W*$"
    r"|subtitl(es|ed) by|transcri(bed|ption) by|soustitrage|כתוביות|תרגום:|字幕|субтитры",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(r"[.!?,;:…\n。！？、،؟]+")


def _run_together(text: str) -> str:
    """The letters of a text without spaces and hyphens, of which transcribers are not sure. Turkish i loses its dot."""
    return letters(letters(text))


_KNOWN: Final = frozenset(_run_together(phrase) for phrases in _PHRASES.values() for phrase in phrases.split("|"))


def is_phantom(text: str) -> bool:
    """Tell whether a transcript is made of what transcribers invent for noise, and of nothing else."""
    if _CREDITS.search(text) or _run_together(text) in _KNOWN:
        return True
    said = [words for words in map(_run_together, _ENDS.split(text)) if words]
    return bool(said) and all(words in _KNOWN for words in said)


def is_loop(text: str) -> bool:
    """Tell whether a transcript is one word over and over, as transcribers fall into on noise."""
    words = [word for word in map(letters, text.split()) if word]
    return len(words) >= FEWEST_REPEATS and all(first == second for first, second in pairwise(words))


def scripts_of(text: str) -> dict[str, int]:
    """Return how many letters of a text are in each script, by its name in Unicode, like `HEBREW` and `LATIN`."""
    found: dict[str, int] = {}
    for letter in letters(text):
        if letter.isalpha():
            script = unicodedata.name(letter, "UNKNOWN").split()[0]
            found[script] = found.get(script, 0) + 1
    return found


def is_evidence(text: str, *, language: str, scripts: AbstractSet[str], logprob: float | None) -> bool:
    """Tell whether a transcript shows that somebody spoke, though our ears heard no voice.

    `scripts`: those in which this caller has spoken beyond doubt. `logprob`: how sure the transcriber was, as
    `LEAST_LOGPROB`; None where it doesn't tell.
    """
    if is_noise(text, language=language) or is_phantom(text) or is_loop(text):
        return False
    if logprob is not None and logprob < LEAST_LOGPROB:
        return False
    found = scripts_of(text)
    known = sum(count for script, count in found.items() if script in {SCRIPTS.get(language), "LATIN", *scripts})
    return 2 * known >= sum(found.values())
