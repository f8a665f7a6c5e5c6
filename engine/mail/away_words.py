"""The subjects of automatic answers, of people who are away above all (`behaviour.md` 1.4: "as the last resort")."""

from __future__ import annotations

from engine.mail.linear import linear

# People write these phrases too ("Out of office does not work"), so they count only where they are all of the subject, or are
# followed as programs do it: by a colon, a dash, a bracket, "reply", "from ...".
_AUTOMATIC = (
    r"auto(?:matic|mated)?[- ]?(?:e-?mail )?(?:reply|response|responder|answer)|vacation (?:auto[- ]?)?(?:reply|response)|automati(?:sche|sierte) (?:antwort|reactie)|auto(?:m\.|-)[ -]?antwort"
    r"|(?:respuesta|contestaci[óo]n) autom[áa]tica|auto[- ]?respuesta|auto[- ]?risposta|auto[- ]?r[ée]ponse|r[ée]ponse automatique|message automatique d['’]absence|risposta automatica|risponditore automatico|resposta autom[áàa]tica"
    r"|automatisch antwoord|auto(?:mat)?svar|automatiskt? (?:svar|svarmeddelelse)|sjálfvirkt svar|automaattinen vastaus|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź?"
    r"|automatinis atsakymas|automaat(?:ne )?vastus|automatick(?:á|ý) odpoveď|automatski odgovor|samodejni odgovor|автоматичен отговор|автоматична відповідь"
    r"|(?:[āa]rpus biroja (?:atra[šs]an[āa]s )?)?autom[āa]tisk[āa] atbilde|αυτόματη απάντηση|răspuns automat|תשובה אוטומטית|رد تلقائي"
    r"|trả lời tự động|balas(?:an)? otomatis|ตอบกลับอัตโนมัติ|स्वचालित उत्तर"
    r"|automatická odpověď|automatikus válasz|otomatik yanıt|自动(?:回复|答复|回覆)|自動(?:回覆|答覆)|自動(?:応答|返信)|(?:부재중 )?자동 (?:회신|응답)|автоответ(?:чик)?|автоматический ответ"
)
# A person who is away, and what a person asks the desk to set up for him.
_ABSENCE = (
    r"out[- ]of[- ](?:the )?office|vacation (?:message|notice)|away from (?:the |my )?(?:office|mail|desk|email)|abwesenheits-?(?:notiz|meldung|mitteilung|benachrichtigung|info|agent|assistent)"
    r"|fuera de (?:la )?oficina|absen(?:ce|te?|t\(e\)) du bureau|message d['’]absence|fuori ufficio|fora do escrit[óo]rio|ausência do escritório"
    r"|afwezigheids(?:bericht|melding|assistent)|poissaoloviesti|frånvaromeddelande|fraværs(?:assistent|melding)|不在(?:通知|連絡|のお知らせ)"
)
# Single words that may begin any subject: they count only alone, or before what they answer.
_AWAY = (
    r"ooo|vacation|on vacation|abwesend|abwesenheit|nicht im (?:büro|haus)|urlaub(?:s(?:vertretung|meldung))?|ausente|absente?|absence|en cong[ée]s?"
    r"|fuori sede|assente(?: dall'ufficio)?|ausência|afwezig(?:heid)?|niet aanwezig|frånvaro|fravær|poissaolo"
)
_RE = r"(?:re|aw|sv|rv|tr|antw|rif|vs)\s*:"
_IS_AWAY = (
    r"(?:ist (?:derzeit |zurzeit |momentan )?(?:außer haus|nicht im (?:büro|hause?)|abwesend)|est (?:actuellement )?absent|está (?:fuera de la oficina|ausente)|è (?:fuori ufficio|fuori sede|assente)"
    r"|is (?:niet op kantoor|afwezig)|är (?:inte på kontoret|borta)|er (?:ikke til stede|fraværende)|on poissa)(?:$|\W)"
)
# Another desk, or a form, says that it has what we sent; what was ordered or paid is another matter.
_WRITTEN = r"(?:e-?mail|mail|message|enquiry|inquiry|request)"
_WRITTEN_IN_GERMAN = r"(?:e-?mail|mail|nachricht|anfrage)"
_RECEIVED = (
    rf"(?:(?:thank you|thanks) for (?:your {_WRITTEN}|contacting|writing)|(?:we(?: have|['’]ve)? received|we acknowledge) your {_WRITTEN}|your {_WRITTEN} (?:has been|was) received"
    rf"|(?:vielen )?dank für (?:ihre|deine) {_WRITTEN_IN_GERMAN}|ihre {_WRITTEN_IN_GERMAN} ist (?:bei uns )?(?:eingegangen|angekommen)"
    r"|(?:merci (?:pour|de)|nous avons (?:bien )?reçu) votre (?:e-?mail|message|courriel|demande)|(?:gracias por|hemos recibido) (?:su|tu) (?:mensaje|correo|consulta|solicitud)"
    r"|grazie per averci (?:contattato|scritto)|(?:grazie per|abbiamo ricevuto) (?:il (?:suo|tuo)|la (?:sua|tua)) (?:messaggio|e-?mail|richiesta)"
    r"|(?:bedankt voor|(?:wij|we) hebben) (?:uw|je) (?:bericht|e-?mail|mail|aanvraag|vraag)|(?:obrigad[oa] pel[oa]|recebemos [oa]) (?:sua|seu) (?:mensagem|e-?mail|contac?to))(?:$|\W)"
    r"|(?:(?:eingangs|empfangs)bestätigung|accusé de réception|acuse de recibo|ontvangstbevestiging)\s*(?:$|[:：\[(#])"
)
# Gateways and ticket systems put something in brackets before it: `[EXTERNAL] Automatic reply: ...`.
_BEFORE = rf"^\s*(?:\[[^\[\]]{{1,80}}\]\s*)?(?:{_RE}\s*)?[\[(<*【]?\s*"
_BEHIND = (
    r"\s*(?:[\])>*:：】]|[-–—]\s|$|\(|\b(?:auto-?)?(?:reply|antwort)\b\s*(?:$|[^\w\s]|from\b|re\b|to\b)|from\b|until\b|(?:to your|auf ihre|d['’]absence|de aus[êe]nci?a)\b|(?:message|notification|alert|notice)\s*(?:$|:|from\b)"
    rf"|{_RE})"
)
AUTOMATIC_SUBJECT = linear(
    rf"{_BEFORE}(?:{_AUTOMATIC}){_BEHIND}|^\s*auto\s*:\s*(?:re|aw|out|fw)\b|[^\w\s]\s*auto-?reply\s*[\])]?\s*$|\bauto-?reply\s*:|[\[(]auto(?:matic|mated)?[- ]?(?:reply|response)[\])]|^\W*this is an auto(?:matic|mated)?[- ]?(?:reply|response)\b|\baway from my mail\b"
    rf"|[-–—]\s+auto(?:matic|mated) (?:reply|response)\s*$|^\s*auto\s*:\s.{{1,60}}\s{_IS_AWAY}",
)
# Who writes so may also be a person who tells the desk, or asks for such an answer.
AWAY_SUBJECT = linear(
    rf"{_BEFORE}(?:{_ABSENCE}){_BEHIND}|^\s*(?:{_RE}\s*)?(?:{_AWAY})\s*[:：]?\s*(?:$|{_RE}|\[)|^\s*oo[of]\s*:"
    r"|\bi(?: am|['’]m) (?:currently )?(?:out of (?:the |my )?office|away from (?:the |my )?(?:office|desk|mail)|on (?:vacation|holiday|(?:annual |maternity |parental )?leave) (?:until|from|till))"
    r"|^.{1,60}\b(?:is|will be) (?:currently )?(?:out of (?:the )?office|away from (?:the |his |her )?office)\b\s*(?:[.(:]|until|from|$)"
    r"|^\s*(?:ich bin (?:derzeit |momentan )?(?:nicht im (?:büro|haus)|außer haus|abwesend|im urlaub)|estoy (?:fuera de (?:la )?oficina|de vacaciones)|je suis (?:absente?|en (?:congé|vacances))|sono (?:assente|in ferie)|estou (?:ausente|de férias)|ik ben (?:afwezig|met vakantie))",
)
# Where the message says that a program made it, less is enough: not single nouns before a colon, for programs report those too
# (`Absence: 3 days asked for`). Domino begins with `AUTO:`, in each language.
GENERATED_ANSWER = linear(
    rf"^\s*auto\s*:\s|^\s*(?:{_RE}\s*)?[\[(]?\s*(?:(?:i am |i['’]m )?(?:away|on (?:(?:annual |maternity |parental |sick )?leave|holidays?))|away notice|vacation alert"
    r"|(?:bin )?im urlaub|außer haus|nicht (?:im (?:büro|hause?))|abwesend|absente?|absent\(e\)|de (?:vacaciones|férias)|fuera de (?:la )?oficina|fora do escritório|in ferie|assenza dall['’]ufficio"
    r"|buiten kantoor|niet op kantoor|borta från kontoret|på semester|ikke til stede|poissa|nieobecn[ya]|poza biurem|házon kívül|ofis dışında"
    r"|в отпуске|отсутствую|не в офисе|不在のお知らせ)\s*(?:[:：\])(.]|[-–—]\s|$)"
    rf"|^\s*(?:{_RE}\s*)?(?:{_RECEIVED})"
    rf"|^\s*(?:ausencia|odsutnost|nepřítomnost|nieobecność|不在|休假|外出|부재중)\s*[:：]?\s*(?:$|{_RE})|^.{{1,60}}\s{_IS_AWAY}",
)
