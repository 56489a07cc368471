"""German, Italian and Turkish: their usual words, and the buttons of Meta's template builder."""

from __future__ import annotations

from whatsapp.opt_outs.grammar import Language

GERMAN = Language(
    everything="""
        (stopp|abmelden|abbestellen|austragen|abmeldung|abbestellung)
        (bitte|ich möchte) (abmelden|mich abmelden|keine NACHRICHTEN mehr|keine weiteren NACHRICHTEN)
        keine (NACHRICHTEN|weiteren NACHRICHTEN|NACHRICHTEN mehr) [mehr] [senden|schicken]
        ich (möchte|will) keine [weiteren] NACHRICHTEN [mehr] [bekommen|erhalten]
        (schreiben|schreibt|schicken|schickt) [sie] mir [bitte] (nicht mehr|keine NACHRICHTEN mehr|nichts mehr)
        (hören|hört|hör) [sie] auf [mir] (zu schreiben|NACHRICHTEN zu schicken|NACHRICHTEN zu senden)
        (löschen|entfernen|streichen|nehmen|löscht|nehmt|entfernt) [sie] (mich|meine nummer) [aus|von] [der
            |ihrer|eurer|dem] [liste|verteiler|datenbank]
        (lassen|lasst) [sie] mich in ruhe
    """,
    marketing="""
        (keine|stoppt|stopp) (WERBUNG|weitere WERBUNG) [mehr]
        WERBUNG (stoppen|abbestellen|beenden|abmelden)
        ich (möchte|will) keine WERBUNG [mehr] [bekommen|erhalten]
    """,
    in_doubt="""
        (kein interesse|nicht interessiert)
        ich (habe kein interesse|bin nicht interessiert)
    """,
    alone="beenden|kündigen",
    around="bitte|danke|hallo|guten tag|sofort|jetzt|vielen dank|falsche nummer|nein danke|nie wieder|mehr",
    words={
        "NACHRICHTEN": "nachrichten|nachricht|sms|whatsapps|spam|mitteilungen",
        "WERBUNG": "werbung|werbenachrichten|angebote|werbeaktionen|promotions|newsletter|aktionen",
    },
)
ITALIAN = Language(
    everything="""
        (fermati|ferma|disiscrivi|disiscrivimi|disiscrizione|disiscrivermi|basta messaggi|cancellami
            |cancellatemi|rimuovimi|rimuovetemi)
        (cancellami|cancellatemi|mi cancelli|rimuovimi|rimuovetemi|toglietemi|toglimi|disiscrivetemi) [dalla
            |dalle|dal] [lista|liste|vostra lista|rubrica|database]
        (voglio|vorrei) (disiscrivermi|cancellarmi|essere cancellato|essere cancellata|essere rimosso
            |essere rimossa) [dalla|dalle] [lista|liste]
        (non) (mandatemi|inviatemi|scrivetemi|contattatemi|mandarmi|inviarmi|scrivermi|contattarmi|inviate
            |mandate|disturbatemi) [più] [messaggi|niente|nulla]
        non (voglio|vorrei|desidero) [più] (ricevere|ricevere più) [i|vostri|questi|altri] messaggi [da voi]
        (smettetela|smettila|smetti|smettete|basta) di (mandarmi|inviarmi|scrivermi|disturbarmi|mandare
            |inviare) [i|questi|altri] [messaggi]
        lasciatemi in pace
    """,
    marketing="""
        (interrompi|ferma|stop|basta|niente|blocca|disattiva|interrompere) [le|la|con le|con la] PROMO
        non (voglio|vorrei|desidero) [più] [ricevere] PROMO
    """,
    in_doubt="""
        non (sono|siamo) (interessato|interessata|interessati)
        non mi interessa
    """,
    alone="annulla|cancella",
    around="per favore|grazie|ciao|buongiorno|buonasera|subito|adesso|prego|più|no grazie|numero sbagliato|mai più",
    words={
        "PROMO": "promozioni|promozione|pubblicità|offerte|promo|messaggi promozionali|newsletter|messaggi pubblicitari"
    },
)
TURKISH = Language(
    everything="""
        (dur|durdur|abonelikten çık|ret|abonelikten çıkmak istiyorum|aboneliği iptal et|beni listeden çıkarın
            |beni listeden çıkar)
        [bana] [bir daha|artık] (mesaj|mesajlar) (atmayın|göndermeyin|yollamayın|atma|gönderme|istemiyorum
            |almak istemiyorum)
        (numaramı|beni) (silin|çıkarın|listeden silin|listenizden çıkarın)
        [bana] [bir daha] yazmayın
        beni rahat bırakın
    """,
    marketing="""
        (promosyonları|reklamları|tanıtımları|kampanyaları) (durdur|durdurun|iptal et)
        (reklam|promosyon|kampanya mesajı|tanıtım) (istemiyorum|almak istemiyorum|göndermeyin)
    """,
    in_doubt="""
        (ilgilenmiyorum|ilgilenmiyoruz)
    """,
    alone="iptal",
    around="lütfen|teşekkürler|merhaba|artık|hemen|selam|sağolun|yanlış numara",
    words={},
)
