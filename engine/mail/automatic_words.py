"""The words by which automatic mail is known where no header says so (`behaviour.md` 1.4): senders, subjects, texts."""

from __future__ import annotations

import re

from engine.late import late_pattern
from engine.mail.linear import linear

DAEMON = re.compile(
    r"^(mailer[-_.]?daemon|mail[-_.]?daemon|post[-_.]master|mmdf|bounces?|mail[-_.]delivery|mdaemon|smtp[-_.]?gateway|returned)([+_=-].*)?$",
    re.IGNORECASE,
)
# Addresses of mail systems that people write from too: a subject must say more.
POSTMASTER = re.compile(r"^(?:postmaster|majordomo|uucp|mailsystem)(?:[+_=-].*)?$", re.IGNORECASE)
# What stands in From where there is no address.
NOBODYS_NAME = late_pattern(
    r"^(?:postmaster|mail(?:system)?|nobody|majordomo|uucp|system ?administrat\w{2,3}|administra\w+ (?:del |du )?syst\w+)\b",
    re.IGNORECASE,
)
# No person reads or writes what these do.
ALWAYS_DAEMON = re.compile(r"^mailer[-_.]?daemon(?:[+_=-].*)?$", re.IGNORECASE)
NOBODYS = re.compile(r"^(?:no|do[-_.]?not|never)[-_.]?(?:reply|respond|response)(?:[+_=-].*)?$", re.IGNORECASE)
LIST_SERVER = re.compile(r"^(?:listserv|listproc|majordomo|ecartis|sympa|mlmmj|ezmlm)$", re.IGNORECASE)
# What mail systems call themselves beside an address that says nothing.
DAEMONS_NAME = re.compile(
    r"^(?:mail delivery? (?:sub)?system|mailer[- ]daemon|courier mail server at\b|inter ?scan (?:mss|notification|messaging)\b|mail ?marshal\b"
    r"|mail system (?:at|on)\b|mmsc ndr\b|mdaemon at\b|axigen mail server$|content-filter at\b)",
    re.IGNORECASE,
)
BOUNCE_SUBJECT = linear(
    r"undeliver|non[- ]?deliver|not deliver|un\w*zustell|nicht zu(?:gestellt|stellbar)|zustellfehler|zustellung fehlgeschlagen|fehlgeschlagen|delivery (status|fail|problem"
    r"|incomplete|error|has failed|unsuccess|delay|temporarily|notification|report)|mail (delivery|system error|could not|failure)|failed mail|returned (mail|to sender|message)"
    r"|failure (notice|delivery)|message (you sent )?(blocked|rejected|delayed|could not)|undelivered|delivery to the following|warning: (could not send|message)|delayed mail|fehler (bei der zustellung|beim (versand|senden|zustellen))"
    r"|mail (nicht|no) |no se (?:pudo|puede|ha podido) entregar|no entrega(?:do|ble)|devuelto|remis|non distribu|[ée]chec de (la )?(remise|distribution)|n'a pas pu être (remis|distribué)|mancato recapito|mancata consegna|(?:non |impossibile )recapit"
    r"|não (foi )?entreg|falha (na entrega|de entrega)|onbestelbaar|niet bezorgd|email (delivery )?(error|failure)|error sending|can't send|your mail (to|was)"
    r"|rejected|bounced?( message)?|failed delivery|mail error|server error|notification d.état|statusmeldung|status de entrega|недоставлен|не (?:удалось )?доставить|не доставлено"
    r"|niedostarczaln|nie dostarczono|nedoručiteln|kézbesíthetetlen|teslim edilemedi|(?:går inte att|kunde inte) leverera|kan ikke leveres|ei (?:voi|voitu|voida) toimittaa|rejected posting"
    r"|(?:banned contents|virus|unsolicited bulk e-?mail)\b.{0,60}\bfrom you\b"
    r"|未送達|(?:配信|配送|送信|送達)(?:エラー|不能|不可|でき(?:ません|なかった)|に?失敗)|メールエラー|エラー通知|退信|退回|(?:无法|未)(?:送达|传递|投递)|投[递遞]失[败敗]|(?:無法|未)(?:傳遞|送達)"
    r"|배달(?:되지 않음|할 수 없)|반송|(?:전송|발송|전달) ?실패",
)
# A status code of RFC 3463, or an SMTP reply that means failure, as delivery reports quote them.
STATUS = linear(
    r"\b[45]\.[0-9]{1,3}\.[0-9]{1,3}\b|\b(?:4[2-5]|5[0-5])\d[ -](?:[45]\.\d|<|[^\n]{0,40}\b(?:user|mailbox|recipient|address|relay|quota|unknown|denied|reject|requested|unavailable|spam|blocked|blacklist|no such))|Remote host said:|Final-Recipient:|Diagnostic-Code:"
    r"|(?:user|mailbox|recipient|address|account)\b.{0,60}\b(?:unknown|unavailable|full|disabled|rejected|not found|does(?: not|n't) exist|inactive)"
    r"|over quota|quota exceeded|full mailbox|mailbox (?:is )?full|did not reach|has been postponed|will continue to try|unknown user|no such (?:user|recipient|address|mailbox)|could(?: not|n't) be delivered|(?:was|were) not delivered"
    r"|unable to deliver|undeliverable|(?:can(?:not|'t)|could(?: not|n't)) deliver|delivery (?:failed|to the following)|permanent(?: fatal)? error|had permanent|was rejected|were rejected"
    r"|(?:mailbox|quota|message) (?:exceeds|exceeded)|(?:sent|received) {1,3}(?:>>>|<<<)|returned to (?:you|sender)|host unknown|unrouteable|are not a member|isn't a member|message was blocked|is not accepting|nicht (?:zugestellt|zustellbar|erreicht)|konnten? (?:\w+ )?nicht .{0,40}(?:zugestellt|übermittelt)|no se (?:ha podido|pudo|puede) entregar|impossibile (?:recapitare|consegnare)|n'(?:a|ont) pas pu être (?:remis|distribué|livré|transmis)|não (?:pôde|foi possível) (?:ser )?entreg|-- failure reasons|had delivery (?:problems|errors)|exceeded the local limit|permission to post|not authorized to (?:send|post)"
    r"|退信|退回|(?:无法|未)(?:送达|传递|投递)|投[递遞]失[败敗]|(?:無法|未)(?:傳遞|送達)|(?:配信|配送|送信|送達|お届け)(?:できま|でき(?:な|ず)|に?失敗)|届けられません|반송|(?:전송|발송|전달|배달).{0,6}(?:실패|못|않)",
)
COPY = late_pattern(
    r"^(?:-+ ?(?:below this line is a copy|this is a copy|original message|the (?:transcript|header|message|body)|returned message|message header)|received: |return-path: |message-id: )",
    re.IGNORECASE | re.MULTILINE,
)
# How programs begin a report. People who ask about one say something else first, or say "my message", "the message".
BEGINS = late_pattern(
    r"[\W_]{0,200}?(?:(?:mailenable|error|warning|notice): ?)?"
    r"(?:(?:sorry, )?your (?:e-?mail |mail )?(?:message|e-?mail|mail)\b(?: with (?:the )?subject[^\n]{0,200}\n)?[^\n]{0,200}?(?:"
    r"\b(?:(?:could|was|has)(?: not|n't)|can(?:not|'t)) (?:yet )?(?:be(?:en)? )?delivered\b|\bwas undeliverable\b)"
    r"|your (?:message|e-?mail|mail) to [^\n]{1,200} (?:was|has been) automatically (?:rejected|refused)\b"
    r"|the (?:message|e-?mail|mail) below could not be delivered to the following\b"
    r"|votre (?:message|courriel|e-?mail|mail)\b[^\n]{0,100}? n['’]a (?:pas )?pu [eê]tre (?:d[ée]livr|remis|distribu|achemin|envoy|transmis)"
    r"|ihre (?:nachricht|e-?mail|mail)\b[^\n]{0,100}?\b(?:konnte|wurde)\b[^\n]{0,60}? nicht (?:zugestellt|ausgeliefert|übermittelt)"
    r"|su (?:mensaje|correo)\b[^\n]{0,100}? no (?:ha podido|ha sido|pudo|se pudo|puede|fue)\b[^\n]{0,20}?\bentreg"
    r"|il (?:suo|tuo|vostro) messaggio\b[^\n]{0,100}? non (?:è stato|ha potuto essere|può essere)\b[^\n]{0,20}? (?:recapitat|consegnat)"
    r"|(?:uw|je) (?:bericht|e-?mail|mail)\b[^\n]{0,100}? kon niet\b[^\n]{0,30}? (?:afgeleverd|bezorgd)"
    r"|(?:a )?sua mensagem\b[^\n]{0,100}? não (?:pôde|foi)\b[^\n]{0,20}? entregue"
    r"|your message:?\s+(?:from|to|subject):|your mail (?:sent|attempted to be delivered) on:"
    r"|(?:a|the) message (?:that )?you sent\b[^\n]{0,200}?\b(?:undeliverable|could not be|has not (?:yet )?been)\b"
    r"|(?:unable to deliver (?:the |your )?message|delivery) to(?:\s+<|:|[^\n]{0,60} recipients?\b| the following address)"
    r"|(?:sorry, )?(?:we|i) (?:(?:were unable|was unable|were not able|was not able|wasn't able|had trouble|are unable) (?:to deliver|delivering)|(?:could|can)(?: ?not|n't) deliver) your (?:message|mail)"
    r"|(?:could not|cannot|failed to) deliver (?:the |your )?(?:message|mail) to the following"
    r"|(?:there was|an) error (?:has )?(?:occurred )?(?:while )?(?:(?:trying|attempting) to deliver|delivering) (?:a|the|your) (?:message|mail)"
    r"|your (?:message|mail)\s+(?:did not|to:)\s|(?:hi! )?\s*this is the mailer-daemon|this is the [^\n]{1,60} mail agent\b|this is the mail delivery agent\b"
    r"|message from [^\n]{1,100}\s+unable to deliver|message could not be delivered to|invalid final delivery userid|user mailbox exceeds"
    r"|could not be delivered to:|you are not authorized to send mail to the\b|this message was created automatically by mail delivery software"
    r"|(?:a|the following) message could not be delivered|delivery has failed to|this is (?:a|an automatically generated) delivery status notification|the original message was received at\b"
    r"|(?:hi\. )?this is the [^\n]{1,60}\b(?:program|mail system|mailer)\b"
    r"|-{3,} ?(?:the following addresses|failure reasons|transcript of session|server message|failed (?:recipients|addresses)|non-?delivery report)"
    r"|(?:sent|received) {1,3}(?:>>>|<<<)|error: no valid recipients|failed to send to identified host"
    r"|hello [^\n]{1,100},\s+we're writing to let you know that the group you tried to contact)",
    re.IGNORECASE,
)
# What no person writes above words of his own.
PROGRAMS_SUBJECT = late_pattern(
    r"^(?:delivery status notification ?\((?:failure|delay)\)|undelivered mail returned to sender|mail delivery failed: returning message to sender"
    r"|returned mail: see transcript for details|mail system error - returned mail)$",
    re.IGNORECASE,
)
# How people begin.
GREETS = late_pattern(
    r"\W{0,20}(?:hi|hello|hey|dear|good (?:morning|afternoon|day|evening)|please|can you|could you|hallo|guten (?:tag|morgen)|moin|servus"
    r"|sehr geehrte\w?|liebe[rs]?|bonjour|bonsoir|madame|monsieur|hola|buen(?:os|as)|estimad\w+|ciao|buongiorno|gentil\w+|ol[áa]|bom dia|prezad\w+|beste"
    r"|geachte|goedemorgen|hej|god dag|hei|dzie[ńn] dobry|dobr[ýy] den|добрый|здравствуйте|您好|你好|お世話に)\b(?!\W{1,3}this is the)",
    re.IGNORECASE,
)
ABUSE_SUBJECT = re.compile(
    r"^\s*(?:abuse (?:report|complaint)|complaint about message|spam report|(?:e-?mail )?feedback report|\[?fbl\]?\b)",
    re.IGNORECASE,
)
ABUSE_TEXT = late_pattern(r"abuse report|feedback loop|spam report|unsolicited|\b\d{1,3}(?:\.\d{1,3}){3}\b", re.IGNORECASE)
# RFC 7489 7.2.1.1. An answer to such a report reaches nobody.
DMARC_SUBJECT = re.compile(r"^\s*(?:\[preview\] |dmarc aggregate )?report domain: ?\S{1,255} +submitter: ?\S", re.IGNORECASE)
# What a person writes mail with.
PERSONS_PROGRAM = re.compile(
    r"outlook|thunderbird|apple mail|iphone|ipad|lotus notes|evolution|kmail|the bat|mutt|roundcube|sogo", re.IGNORECASE
)
