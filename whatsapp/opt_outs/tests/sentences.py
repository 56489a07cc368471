"""Sentences that people write, and what they decide. One in each line."""

from __future__ import annotations

REFUSALS = """
    STOP
    stop.
    Stop!!!
    S.T.O.P
    S T O P
    STOP STOP
    stop stop stop
    stooooop
    STOP 🛑
    #stop
    please stop
    Stop please
    stop messages
    stop all messages
    Stop sending me messages
    please stop sending me these messages
    Stop texting me
    stop messaging us!
    stop contacting me please
    Stop spamming me
    Can you please stop sending messages?
    could you stop messaging me
    I said stop
    stop it please
    Unsubscribe
    UNSUBSCRIBE ME
    please unsubscribe me from your list
    Unsubscribe from All
    I want to unsubscribe
    I'd like to unsubscribe please
    How do I unsubscribe?
    how can I opt out of these messages
    opt out
    opt-out
    OPTOUT
    opt me out
    remove
    Remove me
    Remove me from your list
    please remove my number from your database
    remove my number
    Hi, please remove me from this mailing list. Thanks
    take me off your list
    Take me off the mailing list please!
    get me off this list
    delete my number please
    Don't message me again
    do not contact me again
    DO NOT TEXT ME
    Don’t send me any more messages
    please do not send me messages
    I don't want to receive messages from you
    I do not want these messages
    I don't want your messages anymore
    I no longer wish to receive these messages
    No more messages please
    no more texts
    leave me alone
    Wrong number, please remove me
    not interested, stop messaging me
    Not interested
    I'm not interested, thanks
    cancel
    end
    quit
    revoke
    never message me again
    I never signed up for this. Remove me from your list.
    How did you get my number? Stop sending me messages.
    הסר
    להסיר
    להסרה
    הסירי אותי
    הסר אותי
    הסירו אותי
    תסירו אותי
    הסר אותי מהרשימה
    הסר מרשימת תפוצה
    הסר מרשימת התפוצה
    נא להסיר אותי
    נא להסיר אותי מרשימת התפוצה
    להסיר אותי מהרשימה בבקשה
    אבקש להסיר אותי מרשימת הדיוור
    אפשר להסיר אותי מהרשימה?
    אני רוצה להסיר את עצמי
    תורידו אותי מהרשימה
    תמחקו אותי
    תמחקו את המספר שלי
    תמחקו את המספר שלי מהמאגר
    תפסיקו לשלוח
    תפסיקו לשלוח לי הודעות
    תפסיק לשלוח לי
    הפסיקו לשלוח הודעות
    תפסיקו להציק
    תפסיקו כבר עם ההודעות האלה
    די עם ההודעות
    די
    מספיק עם ההודעות
    אל תשלחו לי יותר
    אל תשלחו לי יותר הודעות
    אל תשלח לי הודעות
    אל תכתבו לי יותר
    לא לשלוח לי יותר הודעות
    לא לשלוח יותר
    אל תטרידו אותי
    לא רוצה לקבל הודעות
    אני לא רוצה לקבל יותר הודעות
    לא רוצה הודעות
    לא מעוניין לקבל הודעות
    לא מעוניינת בהודעות
    לא מעוניין
    לא מעוניינת
    לא מעוניין/ת
    לא מעוניינים, תודה
    אני לא מעוניין
    טעות במספר, תסירו אותי
    לא נרשמתי לזה, הסירו אותי בבקשה
    עזבו אותי בשקט
    איך מסירים את עצמי מהרשימה?
    תוציאו אותי מהרשימה
    STOP בבקשה
    סטופ
    توقف
    إيقاف
    أوقفوا الرسائل
    توقفوا عن إرسال الرسائل
    من فضلك توقف عن مراسلتي
    لا ترسلوا لي رسائل
    لا ترسل لي أي رسائل بعد الآن
    لا أريد استلام رسائل منكم
    لا أرغب في تلقي هذه الرسائل
    ما بدي رسائل
    إلغاء الاشتراك
    أريد إلغاء الاشتراك
    الغاء
    احذفوا رقمي من القائمة
    احذف رقمي
    أزيلوا رقمي من قائمتكم لو سمحتم
    لا تراسلوني مرة أخرى
    غير مهتم
    مش مهتم شكرا
    اتركوني وشأني
    بطلوا تبعتولي رسائل
    baja
    BAJA
    darme de baja
    Quiero darme de baja
    por favor, denme de baja
    dar de baja
    alto
    parar
    cancelar
    no quiero recibir más mensajes
    No me envíen más mensajes
    no me manden mensajes por favor
    Dejen de enviarme mensajes
    deja de escribirme
    ya no quiero mensajes
    no más mensajes
    Quítenme de la lista
    sáquenme de su lista por favor
    eliminen mi número de su base de datos
    no me escriban más
    no me molesten
    no estoy interesado
    No me interesa, gracias
    desuscribirme
    quiero que me eliminen de la lista
    déjenme en paz
    pare
    parar
    sair
    SAIR DA LISTA
    quero sair da lista
    descadastrar
    me descadastre por favor
    remover
    me remova da lista
    Por favor, remova meu número
    me tira dessa lista
    pare de me enviar mensagens
    parem de mandar mensagem
    não quero receber mensagens
    não quero mais receber mensagens de vocês
    não me mande mais mensagens
    não me envie mais nada
    não tenho interesse
    não estou interessada
    tire meu número da lista
    me deixem em paz
    cancelar inscrição
    arrêt
    ARRETER
    stop svp
    arrêtez de m'envoyer des messages
    Arrêtez de m’écrire
    ne m'envoyez plus de messages
    ne me contactez plus
    merci de ne plus m'envoyer de messages
    je ne veux plus recevoir de messages
    je ne souhaite plus recevoir vos messages
    désabonner
    désabonnez-moi
    Je veux me désabonner
    désinscription
    désinscrivez-moi de votre liste
    supprimez-moi de la liste svp
    retirez mon numéro de votre liste
    Supprimez mon numéro
    pas intéressé
    je ne suis pas intéressée, merci
    laissez-moi tranquille
    plus de messages svp
    стоп
    СТОП!
    отписаться
    Отпишите меня
    отпишите меня от рассылки, пожалуйста
    хочу отписаться
    как отписаться?
    отписка
    не пишите мне
    больше не пишите мне
    не присылайте мне сообщения
    Не присылайте больше ничего
    не шлите мне смс
    перестаньте мне писать
    прекратите присылать сообщения
    хватит присылать мне сообщения
    не хочу получать ваши сообщения
    не хочу больше получать рассылку
    удалите мой номер
    удалите меня из рассылки
    уберите меня из списка
    исключите мой номер из вашей базы
    не интересно
    меня не интересует
    оставьте меня в покое
    остановите рассылку
    отказ от рассылки
    abmelden
    Bitte keine Nachrichten mehr
    cancellatemi dalla lista
    durdur
"""
NO_ADVERTISING = """
    Stop promotions
    STOP_PROMOTIONS
    stop promos
    Unsubscribe from Promos
    no more ads
    Stop sending me ads
    please stop the marketing messages
    I don't want promotions
    I don't want to receive marketing messages
    unsubscribe from marketing
    opt out of promotions
    no marketing please
    stop your newsletters
    אל תשלחו לי פרסומות
    די עם הפרסומות
    תפסיקו לשלוח לי פרסומות
    לא רוצה לקבל פרסומות
    לא מעוניין בפרסומות
    לא מעוניינת לקבל דברי פרסומת
    הפסקת מבצעים
    בלי פרסומות בבקשה
    לא מעוניין לקבל הודעות שיווקיות
    إيقاف العروض
    إيقاف العروض الترويجية
    لا أريد إعلانات
    لا ترسلوا لي عروض
    لا أرغب في استلام الرسائل الترويجية
    Detener promociones
    no quiero recibir publicidad
    no más publicidad
    dejen de enviarme promociones
    no me interesan sus promociones
    Parar promoções
    não quero receber propaganda
    parem de me enviar promoções
    chega de propaganda
    Arrêter les promotions
    stop pub
    plus de pub svp
    je ne veux plus recevoir vos offres commerciales
    arrêtez de m'envoyer de la publicité
    Остановить рекламу
    не присылайте мне рекламу
    не хочу получать рекламу
    отписаться от рекламы
    хватит рекламы
    Interrompi promozioni
    Werbung stoppen
    keine Werbung mehr
"""
ORDINARY = """
    Please don't stop by tomorrow
    stop by tomorrow?
    Can I stop by at five?
    I'll stop at the shop on my way
    Don't stop!
    which bus stop is closest to you?
    Where is the next stop?
    I can't stop smiling, thank you
    The pain doesn't stop, what should I do?
    Should I stop taking the pills?
    When do you stop serving lunch?
    Cancel my appointment
    Please cancel my appointment for Tuesday
    I need to cancel tomorrow
    can I cancel?
    Cancel the order please
    cancel and refund
    Remove the onions please
    Please remove one item from my order
    can you remove the stain?
    Take me to the list of prices
    What do I have to send you?
    Don't send the invoice to my old address
    don't send it yet
    Don't text me before 9, I'm asleep
    When you arrive don't text me, ring the bell
    I don't want the blue one
    I don't want to miss the appointment
    I didn't receive the message
    I didn't get your messages, can you send again?
    Why don't you send me messages?
    I want more messages like this
    not interested in the red one, do you have blue?
    Is it the end of the offer?
    at the end of the week
    What is in the list?
    No
    No thanks
    no thank you
    ok
    yes please
    Thanks, see you
    Please start at nine
    start of the course?
    Can I resume treatment next week?
    How do I unsubscribe my son from the swimming class?
    The unsubscribe link in your mail doesn't work
    What happens if I write STOP?
    "Reply STOP to get no more messages" doesn't look nice
    My phone number has changed
    Delete the last photo, it's the wrong one
    leave the package at the door
    Leave me a message when it's ready
    Is this still available?
    The messages stopped arriving
    please stop the treadmill remotely
    I'm not interested in Tuesday, can we do Wednesday?
    Who is this?
    wrong number
    spam?
    Enough for two people?
    You can end the call
    I quit smoking
    opt for the second option
    Please add me to your list
    I'd like to subscribe my mother too
    הסר לי את הספק
    תסירו את הבצל מההזמנה
    להסיר את התפרים מתי אפשר?
    מתי אפשר להסיר את הגבס?
    אפשר להוריד במחיר?
    אפשר להוריד?
    תורידו לי את המחיר
    לא מעוניין בתור ביום שלישי, אפשר רביעי?
    לא מעוניינת בצבע הכחול
    לא רוצה את זה באדום
    לא צריך כלום תודה
    לא צריך
    לא תודה
    לא רלוונטי
    די טוב
    זה די יקר
    יש מספיק מקום?
    מספיק לשלוח הודעה?
    אל תשלחו את החשבונית למייל הישן
    אל תשלחו לי את זה עדיין
    לא קיבלתי הודעות
    לא קיבלתי את ההודעה
    למה לא שלחתם לי הודעה?
    אפשר לבטל את התור?
    לבטל את התור ליום שני
    ביטול תור
    תפסיקו את הטיפול?
    להפסיק את התרופה?
    אני רוצה לבטל את ההזמנה
    איפה התחנה?
    עצור בתחנה הבאה
    תעזבו את החבילה ליד הדלת
    תמחקו את ההזמנה הקודמת
    אפשר לשלוח לי הודעה כשזה מוכן?
    תודה רבה
    מתי אתם פתוחים?
    אני לא רוצה לפספס את התור
    לא רוצה להפריע
    שלחתם לי הודעה?
    רוצה לקבל הודעות על מבצעים
    תוסיפו אותי לרשימה
    كم السعر؟
    أين الموقف؟
    توقف المطر هنا
    هل يمكن إلغاء الموعد؟
    أريد إلغاء موعدي
    إلغاء الحجز
    لا أريد اللون الأزرق
    لم تصلني الرسالة
    لا ترسلوا الطلب اليوم
    شكرا جزيلا
    متى تفتحون؟
    لا
    لا شكرا
    أرسلوا لي العروض
    احذفوا الصنف الثاني من الطلب
    ¿Puedo parar un momento en la tienda?
    ¿dónde está la parada?
    quiero cancelar mi cita
    cancelar el pedido
    no quiero el azul
    no me envíen el pedido hoy
    no recibí el mensaje
    no he recibido mensajes
    la planta baja
    bajar el precio
    ¿cuándo dejan de servir?
    gracias
    no gracias
    no puedo ir
    quiero recibir las promociones
    ¿Me pueden mandar más información?
    baja un poco el precio
    dejen el paquete en la puerta
    elimina el segundo producto
    ¿para qué hora?
    para mañana
    pode parar aqui na frente
    vou parar aí amanhã
    quero cancelar a consulta
    cancelar meu pedido
    não quero o azul
    não recebi a mensagem
    não me mande o boleto hoje
    vou sair mais tarde
    que horas posso sair do hospital?
    remover a cebola
    obrigado
    não obrigada
    quero receber promoções
    tem promoção hoje?
    pare na portaria
    où est l'arrêt de bus ?
    je dois annuler mon rendez-vous
    annuler la commande
    ne m'envoyez pas la facture à l'ancienne adresse
    je n'ai pas reçu le message
    je ne veux pas le bleu
    supprimez un article de ma commande
    je ne suis pas intéressé par mardi, mercredi ?
    merci beaucoup
    non merci
    on arrête à quelle heure ?
    j'arrête le traitement ?
    je veux recevoir vos offres
    laissez le colis devant la porte
    отмените мою запись
    отменить заказ
    где остановка?
    не присылайте заказ сегодня
    я не получил сообщение
    не хочу синий
    не интересует вторник, можно среду?
    остановитесь у входа
    удалите второй товар из заказа
    спасибо
    нет, спасибо
    когда вы работаете?
    есть акции?
    хочу получать ваши предложения
    перестало болеть
    Wann ist das Ende?
    Termin absagen
    posso annullare l'appuntamento?
    randevumu iptal etmek istiyorum
    👍
    12
    ...
"""
AGAIN = """
    START
    start.
    Unstop
    subscribe
    הצטרף
    ابدأ
    старт
    alta
    voltar
    démarrer
"""


def lines(written: str) -> list[str]:
    """Returns the sentences."""
    return [line.strip() for line in written.splitlines() if line.strip()]
