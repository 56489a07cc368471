"""Spanish, of Spain and of America."""

from __future__ import annotations

from whatsapp.opt_outs.grammar import Language

SPANISH = Language(
    everything="""
        (basta|parar|pare|paren|baja|bajas|eliminarme|desuscribir|desuscribirme
            |desuscribirse)
        (dar de baja|darse de baja|darme de baja|darme baja|dame de baja|deme de baja|denme de baja
            |dadme de baja|denme la baja) FROM_LIST?
        ASK (dar de baja|darme de baja|la baja|mi baja|que me den de baja|que me des de baja|desuscribirme
            |salir) FROM_LIST?
        (desuscribeme|desuscribanme|desuscribame|desinscribir|desinscribirme|desinscribanme) FROM_LIST?
        como [puedo|hago para|me] (darme de baja|doy de baja|desuscribirme|cancelo la suscripción) FROM_LIST?
        como (puedo|hago para) dejar de recibir THESE? MESSAGES
        STOP de SENDING MORE? THESE? MESSAGES?
        STOP de SENDING MORE? (cosas|esto|nada)
        STOP con THESE? MESSAGES
        [no] STOP de (molestar|molestarme|acosarme|fastidiar|fregar|joder)
        no (me|nos) SEND MORE? THESE? MESSAGES
        no (me|nos) (envíen|manden|escriban|envíe|mande|escriba|envies|mandes|escribas) (mas|nada|nada mas
            |nunca|nunca mas|ya)
        no (me|nos) (escriban|escriba|escribas|escribáis|contacten|contacte|contactes|contactéis|molesten
            |moleste|molestes|molestéis) MORE?
        no (enviar|enviarme|mandar|mandarme|escribir|escribirme|contactar|contactarme|molestar
            |molestarme) MORE? THESE? MESSAGES?
        WANT_NOT (recibir|que me envíen|que me manden|que me envíes
            |recibir de ustedes) MORE? THESE? MESSAGES [de ustedes|suyos|tuyos|vuestros]
        WANT_NOT recibir (nada|nada mas) [de ustedes|de vosotros|suyo]
        no (molesten|moleste|molestes|moleste) MORE?
        WANT_NOT (recibir|que me escriban|que me contacten|que me molesten) MORE?
        WANT_NOT MORE? THESE? MESSAGES [de ustedes|suyos|tuyos|vuestros]
        (no mas|ni un|basta de|sin|no quiero mas) THESE? MESSAGES [mas]
        REMOVE_ME FROM_LIST?
        REMOVE (mi número|mi contacto|mis datos|mi teléfono|este número|mi celular|mi nombre) FROM_LIST?
        (quitar|eliminar|borrar|remover|sacar) FROM_LIST
        (cancelar|anular|cancelen|cancelo|quiero cancelar) [la|mi|el] (suscripción|suscripcion a los mensajes
            |envío de mensajes)
        (déjame|déjenme|dejadme|déjeme) en paz
        no molestar
    """,
    marketing="""
        (detener|parar|stop|basta de|no mas|cesar|frenar) THESE? PROMOTIONS
        (cancelar|eliminar|sin) [la|las] (promociones|publicidad|propaganda)
        (dejar|quiero dejar|deseo dejar) de recibir THESE? PROMOTIONS
        STOP de SENDING MORE? THESE? PROMOTIONS
        STOP con THESE? PROMOTIONS
        no (me|nos) SEND MORE? THESE? PROMOTIONS
        no (enviar|enviarme|mandar|mandarme) MORE? THESE? PROMOTIONS
        WANT_NOT [recibir|que me envíen|que me manden] MORE? THESE? PROMOTIONS
        (darme de baja|dar de baja|denme de baja|baja) (de|en) THESE? PROMOTIONS
    """,
    in_doubt="""
        no [estoy|estamos] (interesado|interesada|interesados|interesadas)
        [ya] no (me|nos) interesa [mas]
        (sin|no tengo) interés
    """,
    alone="alto|salir|detener|eliminar|cancelar|no quiero|no mas",
    around="""
        por favor|porfavor|porfa|xfa|gracias|muchas gracias|mil gracias|hola|buenos días|buenas tardes
            |buenas noches|buenas|buen día
        |ya|ahora|mas|nunca mas|nunca|jamás|de inmediato|inmediatamente|señor|señora|señores|disculpe|disculpa
        |disculpen
        |perdón|ok|le pido|les pido|les pido que|le pido que|pido que|favor de|favor|en lo sucesivo|solicito
        |les ruego|ruego
        |número equivocado|numero equivocado|se equivocaron de número|no gracias|no estoy interesado|no me interesa
        |no me he suscrito|yo no me suscribí|ya lo pedí|no los conozco|y|pueden|podrían|quiero|deseo
        |por whatsapp|no|cordial saludo
        |saludos|de una vez|es la última vez|para siempre|definitivamente
    """,
    words={
        "ASK": "quiero|quisiera|deseo|solicito|pido|necesito|me gustaría|favor de|quiero que|me quiero"
        "|me quisiera|queremos|puedo",
        "STOP": "dejen|deje|deja|dejad|dejar|paren|pare|para|parad|basta|cesen|cese|dejen ya|stop|basta ya"
        "|quiero que dejen|pueden dejar",
        "SENDING": "enviarme|enviar|mandarme|mandar|escribirme|escribir|contactarme|contactar|molestarme"
        "|spamearme|enviarnos|mandarnos"
        "|llenarme de|bombardearme con|escribirnos",
        "SEND": "envíen|envíe|envíes|envía|enviéis|manden|mande|mandes|mandéis|escriban|escriba|escribas"
        "|contacten|contacte|pasen",
        "MORE": "mas|nada|ningún|ninguna|nunca|nunca mas|nada mas|ya|mas veces|otra vez|nuevamente|de nuevo|jamás",
        "THESE": "los|las|el|la|sus|tus|su|tu|estos|estas|esos|esas|este tipo de|ese tipo de|de|de este tipo de"
        "|mas|tantos|tantas"
        "|ningún|ninguna|vuestros|vuestras|todos los|todas las|la recepción de|con sus|sus malditos",
        "MESSAGES": "mensajes|mensaje|mensajitos|msjs|msj|whatsapps|whats|wasaps|sms|notificaciones|spam"
        "|mensajes de whatsapp"
        "|comunicaciones|mensajes suyos",
        "WANT_NOT": "no quiero|no deseo|no queremos|no deseamos|no quisiera|ya no quiero|ya no deseo"
        "|no me interesa|no autorizo"
        "|no acepto|no estoy interesado en|no estoy interesada en|no me gustaría|ya no me interesa"
        "|ya no me interesan|no me interesan",
        "PROMOTIONS": "promociones|promoción|promos|publicidad|publicidades|ofertas|anuncios|marketing"
        "|propaganda|propagandas|comerciales"
        "|mensajes promocionales|mensajes publicitarios|mensajes comerciales|mensajes de publicidad"
        "|mensajes de promociones"
        "|mensajes de marketing|newsletter|boletín|boletines|promociones ni ofertas|ofertas y promociones"
        "|promociones y ofertas|correos publicitarios",
        "REMOVE_ME": "quitarme|quíteme|quítenme|quítame|quitadme|sáquenme|sáqueme|sácame|sacarme|eliminarme"
        "|elimínenme|elimíneme|elimíname"
        "|bórrenme|bórreme|borrarme|bórrame|remuévanme|removerme|borradme|eliminadme|quiero que me eliminen"
        "|quiero que me saquen"
        "|quiero que me borren|retírenme|retírame|exclúyanme|sacadme|me eliminen|me saquen|me borren|me quiten",
        "REMOVE": "eliminen|elimine|elimina|eliminar|borren|borre|borra|borrar|quiten|quite|quita|quitar"
        "|remuevan|remover|saquen|sacar"
        "|retiren|retirar",
        "FROM_LIST": "de la lista|de esa lista|de esas listas|de su lista|de tu lista|de sus listas"
        "|de esta lista|de vuestra lista"
        "|de la lista de difusión"
        "|de su lista de difusión|de la lista de contactos|de su lista de contactos|de sus contactos"
        "|de tus contactos|de la lista de correo"
        "|de la base de datos|de su base de datos|de su base|del grupo|del sistema|de aquí|de este servicio"
        "|del servicio|de los mensajes"
        "|de estos mensajes|de sus mensajes|de la lista de envíos|de las listas|de listas|de todo|de lista"
        "|de la suscripción|de whatsapp",
    },
)
