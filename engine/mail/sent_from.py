"""The line that a telephone or a mail program writes below a mail: `Sent from my iPhone`, `Get Outlook for Android`."""

from __future__ import annotations

import re

from engine.late import late_pattern

_LONGEST = 120
_PROGRAM = (
    r"(?:outlook|proton ?mail|yahoo mail|zoho mail|gmx|web\.de|mail[- ]app|boxer|superhuman|mimestream|spark|airmail|aqua ?mail|bluemail|typeapp"
    r"|fairemail|tuta(?:nota)?|hushmail|em client|mailspring|k-9|thunderbird|nine$)"
)
_DEVICE = (
    r"(?:i ?phon\w*|i ?pad\w*|i ?pod|blackberry|android\w*|samsung|galaxy|huawei|xiaomi|pixel|nokia|windows(?: \d+)?|mobil\w*|smartphone|handy"
    r"|telefon\w*|telefoon|t[eé]l[eé]phone|m[oó]vil|celular|cellulare|telem[oó]vel|tablet|device|phone|" + _PROGRAM + ")"
)
_SENT = (
    r"(?:sent (?:from|with|via|using)|gesendet (?:von|mit)|diese nachricht wurde von|envoyé (?:de|depuis|à partir)"
    r"|enviado (?:desde|do|de|a partir|pelo|con|com)|inviato (?:da|dal|con)|verzonden (?:vanaf|vanuit|met|via)|verstuurd (?:vanaf|met)|skickat från"
    r"|sendt fra|lähetetty|wysłan[eo] z|odesláno z|odoslané z|отправлено (?:с|из)|надіслано з|trimis (?:de pe|din)|στάλθηκε από)"
)
_GET = (
    r"(?:get|holen sie sich|télécharger|obtenir|obtener|obtenga|obter|obtenha|ottenere|ottieni|scarica|download|hämta|hent|skaff(?: deg)?|hae|hanki"
    r"|pobierz|získejte|получить)"
)
_PLATFORM = r"(?:i ?os|i ?phone|i ?pad|android\w*|windows|mac ?os|mac)"
_SENT_FROM = late_pattern(
    rf"^(?:von meine[mr] (?:.{{0,30}}\b)?{_DEVICE}\b.{{0,40}} (?:aus )?gesendet\.?$|von samsung[- ]\w{{1,15}} gesendet$"
    rf"|outlook (?:für|voor) .{{0,60}} (?:beziehen|downloaden|ophalen)$|(?:von )?unterwegs gesendet\.?$|mobil gesendet\.?$|sent on the go\.?$"
    rf"|{_SENT}\b.{{0,60}}\b{_DEVICE}\b.{{0,80}}$"
    rf"|{_GET} (?:o |el )?{_PROGRAM} \w{{1,7}} {_PLATFORM}\.?$"
    rf"|(?:发自|從)我的.{{0,20}}{_DEVICE}.{{0,10}}$)",
    re.IGNORECASE,
)
# Languages that say it behind the name of the device.
_SENT_BEHIND = ("gönderildi", "küldve", "から送信", "에서 보냄", "傳送", "edinin", "を入手", "다운로드")
_ANY_DEVICE = late_pattern(_DEVICE, re.IGNORECASE)
_ADDRESS = re.compile(r"<https?://[^<>\s]{1,300}>")
# K-9's and many people's own.
_EXCUSE = late_pattern(
    r"[.,;]? (?:(?:please|pls|so please|kindly|veuillez|por favor,?|bitte|gelieve) )?(?:excuse|forgive|pardon|excuser|disculp\w+|desculp[\w-]+|perdonat\w+"
    r"|scus\w+|excuseer|entschuldig\w+) .{1,60}$",
    re.IGNORECASE,
)
# With a comma in it. American telephone companies write so: `Sent from my Verizon, Samsung Galaxy smartphone`.
_WITH_A_COMMA = late_pattern(
    r"^sent (?:from my|via the) [\w .&®-]{2,40}(?:, (?:an )?(?:[\w&®-]{1,20} ){1,3})?(?:smartphone|device|phone|tablet)$"
    r"|^yahoo mail: search, organize, conquer$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?]\s+\S|,\s")


def is_sent_from(line: str) -> bool:
    """Whether it says what the message was written with, and nothing else."""
    line = _ADDRESS.sub("", line).strip(" *_")
    if len(line) > _LONGEST:
        return False
    line = _EXCUSE.sub("", line)
    if line.rstrip(".").endswith(_SENT_BEHIND):
        named = bool(_ANY_DEVICE.search(line))
    else:
        named = bool(_SENT_FROM.match(line))
    return bool(named and not _SENTENCE.search(line)) or bool(_WITH_A_COMMA.match(line))
