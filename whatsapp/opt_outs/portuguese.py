"""Portuguese, of Brazil and of Portugal."""

from __future__ import annotations

from whatsapp.opt_outs.grammar import Language

PORTUGUESE = Language(
    everything="""
        (pare|parar|parem|sair|stop|remover|remova|removam|descadastrar|descadastro|descadastre
            |descadastra|desinscrever|basta)
        (pare|parem) com (isso|isto)
        (me descadastre|me descadastra|me descadastrem|descadastrar me|descadastre me|me desinscreva
            |me desinscrevam|desinscreva me) FROM_LIST?
        ASK (sair|descadastrar|me descadastrar|me desinscrever|ser removido|ser removida|ser excluído
            |ser retirado|ser retirada|cancelar a inscrição|o descadastro|que me removam|que me retirem) FROM_LIST?
        como (faço para|posso|faço pra) (sair|me descadastrar|descadastrar|cancelar a inscrição
            |parar de receber MESSAGES) FROM_LIST?
        (sair|remover|excluir|retirar) FROM_LIST
        STOP de SENDING MORE? THESE? MESSAGES?
        STOP de SENDING (isso|isto|essas coisas)
        STOP com THESE? MESSAGES
        STOP de (me incomodar|incomodar|me perturbar|perturbar|encher|encher o saco|me encher|me importunar)
        não me SEND MORE? THESE? MESSAGES
        não me SEND (mais|nada|mais nada|nunca mais)
        não SEND MORE? THESE? MESSAGES [para mim|pra mim|para este número]
        não SEND me MORE? [nada]
        não SEND me MORE? THESE? MESSAGES
        não me (escreva|escrevam|contate|contatem|contacte|contactem|perturbe|perturbem|incomode|incomodem) MORE?
        não (enviar|mandar|perturbe|perturbar|incomode) [mais] [MESSAGES]
        WANT_NOT (receber|que me enviem|que me mandem|ser contatado|ser contatada|ser incomodado
            |ser incomodada) MORE? THESE? MESSAGES? [de vocês|suas|vossas]
        WANT_NOT MORE? THESE? MESSAGES [de vocês|suas|vossas]
        (sem|chega de|nada de|nenhuma) [mais] MESSAGES
        REMOVE_ME FROM_LIST?
        REMOVE (meu número|o meu número|meu contato|o meu contacto|meu telefone|meu nome|meus dados|este número
            |meu whatsapp) FROM_LIST?
        (cancelar|cancele|cancelem) [a|minha|a minha] inscrição
        (me deixe|me deixem|deixe me|deixem me|deixa me) em paz
    """,
    marketing="""
        (parar|pare|parem|stop|chega de|basta de|sem|cancelar|interromper|bloquear) THESE? PROMOTIONS
        (parar|pare|quero parar|deixar|quero deixar) de receber THESE? PROMOTIONS
        STOP de SENDING MORE? THESE? PROMOTIONS
        não me SEND MORE? THESE? PROMOTIONS
        não SEND [me] MORE? THESE? PROMOTIONS
        WANT_NOT [receber] MORE? THESE? PROMOTIONS
        (sair|descadastrar|me remova|me tire|remover) (das|de|da|do) PROMOTIONS
    """,
    in_doubt="""
        não (tenho|temos|há) interesse [nisso|nenhum]
        não (estou|estamos) (interessado|interessada|interessados|interessadas)
        [isso] não me interessa
        sem interesse
    """,
    alone="excluir|cancelar|não quero|não quero mais|chega|cancelar assinatura",
    around="""
        por favor|pfv|pf|favor|por gentileza|gentileza|obrigado|obrigada|muito obrigado|obg|olá|oi|bom dia
            |boa tarde|boa noite
        |já|agora|mais|nunca mais|nunca|imediatamente|eu|ok|desculpe|desculpa|grato|grata|quero|gostaria de
        |gostaria que|peço que
        |solicito que|solicito|peço|poderia|poderiam|pode|podem|por obséquio|número errado|numero errado|engano
        |foi engano
        |não obrigado|não obrigada|não tenho interesse|não me inscrevi|eu não me inscrevi|nunca me cadastrei
        |não me cadastrei
        |já pedi|não conheço vocês|e|de uma vez|pelo amor de deus|definitivamente|para sempre|não|vocês
        |pelo whatsapp|atenciosamente
    """,
    words={
        "ASK": "quero|gostaria de|desejo|solicito|peço|preciso|queria|favor|gostaria|quero que|poderia|posso",
        "STOP": "pare|parem|para|parar|deixe|deixem|deixa|cessem|cesse|podem parar|pode parar|quero que parem|chega",
        "SENDING": "me enviar|enviar|me mandar|mandar|mandar me|enviar me|me escrever|escrever|me contatar"
        "|me contactar|me spammar"
        "|receber|me encher de|me ligar e mandar|nos enviar",
        "SEND": "envie|enviem|envia|enviar|mande|mandem|manda|mandar|escreva|escrevam|mandes|envies",
        "MORE": "mais|nunca mais|nenhuma|nenhum|nada|de novo|novamente|mais nenhuma|jamais|qualquer",
        "THESE": "as|os|a|o|suas|essas|estas|esse|este|essa|esta|seus|sua|esse tipo de|este tipo de|mais|tantas"
        "|nenhuma|todas as"
        "|de|das|quaisquer|vossas|de tantas",
        "MESSAGES": "mensagens|mensagem|msgs|msg|sms|notificações|spam|zaps|whatsapps|mensagens de vocês"
        "|mensagens suas|comunicações"
        "|mensagens de whatsapp|mensagens no whatsapp|comunicados|contato de vocês|contatos",
        "WANT_NOT": "não quero|não desejo|não gostaria de|não queremos|não aceito|não autorizo"
        "|não tenho interesse em|não quero mais"
        "|não desejo mais|não estou interessado em|não estou interessada em|não gostaria|já não quero"
        "|não autorizo o envio de",
        "PROMOTIONS": "promoções|promoção|promos|propaganda|propagandas|publicidade|publicidades|ofertas"
        "|marketing|anúncios"
        "|mensagens promocionais|mensagens de marketing|mensagens publicitárias|mensagens de propaganda"
        "|newsletter|campanhas"
        "|divulgação|divulgações|mensagens de promoção|promoções e ofertas|ofertas e promoções|mensagens comerciais",
        "REMOVE_ME": "me remova|me remove|me removam|remova me|me tira|me tire|me tirem|tire me|tira me"
        "|me retire|me retirem|retire me"
        "|me exclua|me excluam|me exclui|exclua me|me apague|apague me|me apaguem|me deleta|me deletem"
        "|quero que me removam|removam me"
        "|me retira|excluam me|retirem me|me remover|me retirar|me excluir",
        "REMOVE": "remova|remove|removam|tire|tira|tirem|retire|retirem|retira|exclua|excluam|exclui|apague"
        "|apaguem|apaga|remover|retirar"
        "|tirar|excluir|apagar|deletem|delete",
        "FROM_LIST": "da lista|da sua lista|dessa lista|desta lista|das listas|da lista de transmissão"
        "|da lista de contatos|da lista de contactos"
        "|da base|da base de dados|da sua base|do grupo|do cadastro|do sistema|daqui|da lista de vocês"
        "|dos contatos|da lista de envio"
        "|da lista de e mails|da lista de mensagens|das mensagens|da lista de distribuição|da vossa lista"
        "|da lista de divulgação|de lista"
        "|do mailing|das suas listas|do seu cadastro|dos seus contatos|de tudo",
    },
)
