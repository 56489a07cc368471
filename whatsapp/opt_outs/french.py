"""French."""

from __future__ import annotations

from whatsapp.opt_outs.grammar import Language

FRENCH = Language(
    everything="""
        (stop|arrêt|arrêter|arrêtez|arrête|stopper|stoppez|désabonner|désabonnement|désabonnez|désinscrire
            |désinscription|désinscrivez)
        (désabonnez moi|désabonner moi|me désabonner|désinscrivez moi|me désinscrire|désinscrire moi
            |désabonne moi) FROM_LIST?
        (désabonnement|désinscription|désabonner|désinscrire) FROM_LIST
        ASK (me désabonner|me désinscrire|être désabonné|être désabonnée|être désinscrit|être désinscrite
            |être retiré|être retirée|être supprimé|être supprimée|arrêter de recevoir MESSAGES
            |annuler l'abonnement|que vous me retiriez|que vous arrêtiez) FROM_LIST?
        comment (me désabonner|se désabonner|me désinscrire|se désinscrire|faire pour me désabonner
            |puis je me désabonner|arrêter MESSAGES) FROM_LIST?
        STOP SENDING THESE? MESSAGES?
        STOP [aux|avec|avec les|à] THESE? MESSAGES
        STOP (de|d') (me déranger|m'importuner|m'embêter|me harceler|me spammer|me solliciter|m'emmerder
            |me casser les pieds)
        (arrêtez|arrête|cessez|stop|arrêter) ça
        [ne|n'] (m'envoyez|m'envoie|m'envoyer|m'écrivez|m'écris|me contactez|me contacte|me dérangez
            |me sollicitez|m'importunez|nous contactez|nous envoyez|nous écrivez|me recontactez
            |envoyez moi) (plus|pas|plus jamais|jamais) [plus] THESE? MESSAGES?
        [ne|n'] (m'envoyez|m'envoie|envoyez) (plus|pas) (rien|jamais|de tout ça)
        [ne|n'] (envoyez|m'envoyez|envoyer) plus THESE? MESSAGES
        ne (plus|pas) (m'envoyer|m'écrire|me contacter|me déranger|me solliciter|envoyer|recevoir) THESE? MESSAGES?
        [ne] plus (m'envoyer|me contacter|m'écrire|me déranger)
        WANT_NOT (recevoir|recevoir de|avoir|voir) THESE? MESSAGES [de votre part|de vous]
        WANT_NOT (être contacté|être contactée|être dérangé|être dérangée|être sollicité|être sollicitée
            |rien recevoir|recevoir quoi que ce soit|que vous me contactiez|que vous m'écriviez) [par vous
            |de votre part]
        WANT_NOT THESE? MESSAGES [de votre part]
        (plus de|plus aucun|plus jamais de|assez de|marre de) THESE? MESSAGES
        REMOVE_ME FROM_LIST?
        REMOVE (mon numéro|mes coordonnées|mon contact|mon nom|ce numéro|mes données
            |mon numéro de téléphone) FROM_LIST?
        (annuler|résilier|annulez) (l'abonnement|mon abonnement aux messages)
        (laissez|laisse|fichez|foutez) moi (tranquille|la paix|en paix)
    """,
    marketing="""
        (stop|arrêter|arrêtez|plus de|assez de|stopper|cessez|interrompre|pas de|marre des) THESE? PROMOTIONS
        STOP SENDING THESE? PROMOTIONS
        [ne|n'] (m'envoyez|envoyez|m'envoie) (plus|pas) THESE? PROMOTIONS
        ne plus recevoir THESE? PROMOTIONS
        WANT_NOT [recevoir] THESE? PROMOTIONS
        (désabonner|me désabonner|désabonnez moi|désabonnement|se désabonner) (des|de la|aux|de vos|à la) PROMOTIONS
    """,
    in_doubt="""
        [je ne suis|je suis|nous ne sommes|on est] pas (intéressé|intéressée|intéressés|intéressées|interessé)
        [ça|cela|ceci] [ne] (m'intéresse|nous intéresse) (pas|plus) [du tout]
        aucun intérêt
    """,
    alone="annuler|assez|ça suffit|résilier",
    around="""
        s'il vous plaît|s'il te plaît|svp|stp|merci|merci beaucoup|merci d'avance|bonjour|bonsoir|salut|madame
            |monsieur
        |maintenant|immédiatement|plus jamais|jamais|désormais|veuillez|merci de|merci de bien vouloir
        |je vous prie de|je souhaite
        |je veux|je voudrais|j'aimerais|pouvez vous|pourriez vous|d'urgence|tout de suite|ok|déjà|bien vouloir
        |à l'avenir
        |définitivement|une bonne fois pour toutes|encore une fois|je vous demande de|prière de|je vous en prie
        |mauvais numéro
        |vous avez un mauvais numéro|erreur de numéro|je ne suis pas intéressé|pas intéressé|pas intéressée
        |non merci|non
        |je ne me suis pas inscrit|je ne me suis jamais inscrit|je ne vous connais pas|j'ai déjà demandé|et
        |par whatsapp|sur whatsapp
        |cordialement|de|d'
    """,
    words={
        "ASK": "je veux|je souhaite|je voudrais|j'aimerais|je désire|veuillez|je demande|merci de"
        "|je vous prie de|je souhaiterais|je peux",
        "STOP": "arrêtez|arrête|arrêter|cessez|cesse|cesser|stop|stoppez|pouvez vous arrêter|merci d'arrêter"
        "|veuillez cesser|stopper",
        "SENDING": "de m'envoyer|de nous envoyer|d'envoyer|m'envoyer|de m'écrire|de me contacter|les envois de"
        "|l'envoi de|vos envois de"
        "|de me spammer avec|de nous écrire|de nous contacter|envoi de|d'écrire",
        "THESE": "des|de|vos|les|ces|tous ces|autant de|tous vos|d'autres|aucun|aucune|tout|vos stupides"
        "|ce genre de|ce type de|le|la|l'"
        "|votre|d'|de vos|de la|plus de|plus aucun",
        "MESSAGES": "messages|message|sms|textos|texto|notifications|spam|spams|mails|messages whatsapp"
        "|whatsapps|messages de votre part"
        "|communications|sollicitations|trucs",
        "WANT_NOT": "je ne veux plus|je ne veux pas|je veux plus|je veux pas|je ne souhaite plus"
        "|je ne souhaite pas|je souhaite ne plus"
        "|je désire ne plus|je ne désire plus|nous ne souhaitons plus|nous ne voulons plus|ne souhaite plus"
        "|je refuse de|je ne veux plus jamais"
        "|on ne veut plus|je voudrais ne plus|j'aimerais ne plus|je veux ne plus",
        "PROMOTIONS": "promotions|promos|promotion|pub|pubs|publicité|publicités|offres promotionnelles"
        "|offres commerciales"
        "|messages promotionnels|messages publicitaires|messages commerciaux|messages marketing|newsletter"
        "|newsletters|marketing"
        "|démarchage|prospection|sms publicitaires|offres|réclames|infolettre|pubs sur whatsapp",
        "REMOVE_ME": "supprimez moi|supprime moi|retirez moi|retire moi|enlevez moi|enlève moi|rayez moi"
        "|effacez moi|sortez moi|ôtez moi"
        "|me retirer|me supprimer|m'enlever|me rayer|m'effacer|me sortir|désinscrivez moi|virez moi",
        "REMOVE": "supprimez|supprimer|retirez|retirer|enlevez|enlever|effacez|effacer|rayez|rayer|supprime"
        "|enlève|retire",
        "FROM_LIST": "de la liste|de votre liste|de vos listes|de cette liste|de la liste de diffusion"
        "|de votre liste de diffusion|de vos fichiers"
        "|de votre fichier|du fichier|de votre base|de votre base de données|de la base|de la base de données"
        "|de vos contacts"
        "|de la liste de contacts|du groupe|de votre répertoire|de vos envois|de la liste d'envoi"
        "|de vos messages|des messages|de tout"
        "|de ce service|de vos listes de diffusion|de la liste de distribution|de là|de ce groupe",
    },
)
