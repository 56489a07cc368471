"""English."""

from __future__ import annotations

from whatsapp.opt_outs.grammar import Language

ENGLISH = Language(
    everything="""
        (stop|stopall|unsubscribe|unsub|optout|remove|revoke|unsuscribe|unsubscibe)
        stop (all|everything|now|bothering|spamming)
        STOP DET* MESSAGES ME?
        STOP (spam|spamming|harassing|bothering|disturbing|pestering|annoying) ME?
        STOP SENDING [to] ME DET* MESSAGES?
        STOP SENDING DET* MESSAGES [to] ME?
        STOP SENDING [me|us] (this|these|it|them|stuff|crap|rubbish|things)
        STOP (texting|messaging|contacting|whatsapping|spamming)
        NOT SEND [to] ME [on ME]
        NOT SEND [to] ME? DET* MESSAGES [to] ME?
        NOT SEND [me|us] (this|these|it|them|anything) (again|anymore|any more|ever again)
        NOT SEND [me|us] anything
        stop (with|it with) DET* MESSAGES
        never (text|message|contact|spam|whatsapp) [to] ME again
        WE? NOT (want|wish|need|like|agree|consent) [to] [receive|receiving|get|getting|see|read|have] DET* MESSAGES
        WE? NOT (want|wish|need|like) to be (contacted|messaged|texted|bothered|disturbed|spammed|on your list)
        WE? NOT (want|wish) you to (contact|message|text|write to) ME
        WE? NOT (want|wish) to (hear|receive anything) from you
        not interested in (receiving|getting|reading) DET* MESSAGES
        [i am|i'm] not interested in DET* MESSAGES
        no more DET* MESSAGES
        enough (messages|texts|spam|with DET* MESSAGES|of DET* MESSAGES)
        unsubscribe ME? from? DET* [MESSAGES|LIST|everything|all|here]
        unsubscribe ME from DET* [MESSAGES|LIST|everything|all|here]
        unsubscribe from DET* (MESSAGES|LIST|everything|all|here)
        unsubscribe (me|us|please me)
        unsubscribe ME
        WE? want (out|off) [of|from] DET* LIST?
        WE? WANT (unsubscribe|opt out|optout|be removed|be taken off|be unsubscribed|be deleted) [from
            |of] DET* [LIST|MESSAGES]
        WE? WANT stop (receiving|getting) DET* MESSAGES
        (how|where) (do|can|could|should|would) i (unsubscribe|opt out) [from|of] DET* [LIST|MESSAGES]
        how (do|can|could) i (stop|stop getting|stop receiving|cancel|block) DET* MESSAGES
        how (do|can) i get (off|out of) DET* LIST
        opt out [of|from] DET* [MESSAGES|LIST|all|everything]
        opt ME out [of|from] DET* [MESSAGES|LIST|all|everything]
        REMOVE ME [from|of|off] DET* LIST?
        remove from DET* LIST
        (take|get|keep) ME (off|out of) DET* LIST
        (take|get|keep) ME off [this|here]
        leave ME alone
        go away
        do not disturb [me]
        lose my number
        cease and desist
        cancel DET* MESSAGES
        (block|blacklist) ME from DET* (LIST|MESSAGES)
    """,
    marketing="""
        (stop|end|cease|no more|enough) DET* PROMOTIONS
        STOP SENDING ME? DET* PROMOTIONS ME?
        NOT SEND ME? DET* PROMOTIONS ME?
        WE? NOT (want|wish|need|like) [to] [receive|get|see] DET* PROMOTIONS
        no [more] (ads|adverts|advertisements|advertising|marketing|promotions|promos|promotional messages
            |newsletters)
        unsubscribe ME? from DET* PROMOTIONS
        (opt out|optout) [of|from] DET* PROMOTIONS
        opt ME out [of|from] DET* PROMOTIONS
        REMOVE ME from DET* (PROMOTIONS|marketing list|promotional list)
        not interested in (receiving|getting) DET* PROMOTIONS
        cancel DET* PROMOTIONS
    """,
    in_doubt="""
        stop (it|this|that)
        NOT interested [in (this|that|it|anything|your messages)]
        (i am|i'm|im|we are|we're) NOT interested [in this|in that|in it|at all]
        not [really] interested [in this|in that|in it|at all]
        (no interest|uninterested)
    """,
    alone="cancel|end|quit|enough|no more|cancel subscription|cancel my subscription",
    around="""
        please|pls|plz|plse|pleas|hi|hello|hey|hi there|dear|sir|madam|guys|team|now|right now|immediately|at once
        |already|asap|thanks|thank you|thx|ty|tks|many thanks|ok|okay|just|kindly|again|anymore|any more|any longer
        |ever|ever again|forever|for good|permanently|at all|sorry|and|so|can you|could you|would you|will you
        |can you please|i said|i told you|from now on|in future|in the future|good morning|good evening|regards|best
        |wrong number|wrong person|you have the wrong number|this is the wrong number|not my number|no thanks
        |no thank you|i never signed up|i never signed up for this|i didn't sign up|i did not sign up
        |i didn't sign up for this|i did not sign up for this|i never subscribed|i didn't subscribe
        |i didn't ask for this|i already asked|i asked already|i have asked before|i asked you|i asked you to
        |i have asked you to|i've asked you to|i told you|i am asking you to|this is spam|who is this
        |who are you|not interested|i'm not interested|i am not interested|from you|from your company|no|you|yes
        |i beg you|this is harassment|for the last time|last warning|on whatsapp|via whatsapp|by whatsapp
    """,
    words={
        "STOP": "stop|stop with|quit|cease|enough|end|pls stop|please stop|stoped",
        "SENDING": "sending|texting|messaging|contacting|writing|spamming|whatsapping|sending out|forwarding"
        "|writing to",
        "NOT": "do not|don't|dont|never|no longer|not|didn't|did not|do not ever|don't ever|must not|should not",
        "SEND": "send|text|message|msg|contact|write|write to|whatsapp|spam|bother|disturb|harass|text to|send to",
        "ME": "me|us|my number|my phone|this number|my phone number|my contact|my whatsapp|my name|my details|my data"
        "|myself|this phone|my mobile",
        "WE": "i|we|i really|i just|i simply|i also|i still|i honestly",
        "WANT": "want to|would like to|i'd like to|id like to|wish to|need to|like to|am asking to|request to"
        "|wanna|want",
        "DET": "all|the|these|this|those|your|any|more|further|such|my|of|other|so many|that many|that|every"
        "|each|kind of"
        "|type of|kinds of|whatsapp|text|automated|annoying|from|unwanted|unsolicited|future|damn|stupid"
        "|broadcast|daily",
        "MESSAGES": "messages|message|msgs|msg|texts|sms|notifications|notification|updates|whatsapps|spam|broadcasts"
        "|communications|communication|reminders|messages from you|messages from your company|texts from you"
        "|mailings|messaging|contact",
        "PROMOTIONS": "promotions|promotion|promos|promo|promotional messages|promotional texts|marketing"
        "|marketing messages|marketing texts|ads|adverts|advertisements|advertising|advertisement|offers|deals"
        "|newsletters|newsletter|sales messages|campaigns|commercials|commercial messages|advertising messages"
        "|promotions and offers|offers and promotions|promotional offers|sales|discounts",
        "LIST": "list|lists|mailing list|mailing lists|contact list|contacts|broadcast list|distribution list"
        "|database"
        "|db|data base|system|records|phonebook|group|mail list|list of recipients|broadcast|subscription list"
        "|list please",
        "REMOVE": "remove|delete|erase|exclude",
    },
)
