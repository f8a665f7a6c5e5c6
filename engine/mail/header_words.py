"""The words of the lines that stand above somebody else's text, by language: `From:`, `wrote:`, `Original message`.

The seven languages of `behaviour.md` come first, then those in which Outlook, Gmail, Apple Mail and Thunderbird are in use besides.
Entries are separated by `|`, and case does not matter.
"""

from __future__ import annotations

# Labels of a quoted header block, by what they mean. `Do` is Polish for `To`.
LABELS = {
    "from": "from|von|de|da|van|od|fra|från|lähettäjä"
    "|feladó|küldő|от|от кого|від|від кого|kimden|gönderen|από|de la|šalje|pošiljatelj|saatja|nuo"
    "|差出人|送信者|发件人|寄件人|寄件者|發件人|보낸 사람|보낸사람|từ|người gửi|dari|מאת|من|จาก",
    "sent": "sent|date|gesendet|datum|enviado|enviada|enviado el|enviado em|enviada em|envoyé|envoye|envoyé le|message du|fecha|inviato|data|dato"
    "|verzonden|sendt|skickat|lähetetty|wysłano|wysłane|odesláno|odoslané|dátum|elküldve|küldve|отправлено|дата|надіслано|відправлено"
    "|gönderildi|gönderilme|tarih|στάλθηκε|ημερομηνία|αποστολή|trimis|изпратено|poslano|poslato|enviat|enviat el|saatmisaeg|saadetud"
    "|nosūtīts|išsiųsta|送信日時|日時|日付|发送时间|发送日期|日期|时间|寄件日期|傳送時間|發送時間|보낸 날짜|보낸날짜|날짜|đã gửi|ngày|dikirim|tanggal"
    "|נשלח|תאריך|تاريخ الإرسال|التاريخ|ส่ง|วันที่",
    "to": "to|an|para|à|a|aan|til|till|do|pour|vastaanottaja"
    "|komu|címzett|кому|до|kime|alıcı|προς|către|za|prima|per a|saaja|adressaat|kam|宛先|收件人|收件者|받는 사람|받는사람|đến|tới|kepada|אל|إلى|ถึง",
    "cc": "cc|kopie|copie|copia|kopi|dw|kópia|másolatot kap|копия|копія|копие|bilgi|κοιν.|抄送|副本|참조",
    "subject": "subject|betreff|asunto|objet|sujet|oggetto|assunto|onderwerp|emne|ämne|aihe"
    "|temat|předmět|predmet|tárgy|тема|относно|konu|θέμα|subiect|zadeva|tema|assumpte|teema|tēma|件名|主题|主旨|標題|제목|chủ đề|tiêu đề"
    "|subjek|perihal|נושא|הנושא|الموضوع|เรื่อง",
    "reply-to": "reply-to|antwort an|responder a|répondre à|rispondi a|responder para|antwoord aan",
}

# Of `On 3 May 2026, Ana wrote:`.
VERBS = (
    "wrote|writes|schrieb|geschrieben|escribió|escribio|a écrit|ecrit|écrit|ha scritto|scrisse|scrive|escreveu|schreef"
    "|skrev|skrifaði|kirjoitti|napisał|napisała|pisze|napsal|napsala|napísal|napísala|odesílatel|írta|пишет|написал|написала|пише|написав|написа|yazdı"
    "|έγραψε|a scris|napisao|napisala|je napisal|je napisala|piše|va escriure|ha escrit|kirjutas|rakstīja|rašė|đã viết|menulis|כתב|כתבה|كتب|كتبت|نوشت"
)
# Airmail's and Sparrow's. People end sentences so: only above quoted lines it is a header.
SAID = "said"
# Written without a space before them.
JOINED_VERBS = "のメール|書きました|写道|寫道|님이 작성|님이 쓴 글|작성|เขียนว่า|เขียน"
OPENERS = (
    "on|am|um|el|le|il|em|no dia|na|на|a|op|den|w dniu|dnia|dne|dňa|på|ma|ti|ke|to|pe|la|su|man|tir|ons|tor|fre|lör|sön|mån|tis|lør|søn"
    "|στις|vào|pada|dana|v|בתאריך|في|在|เมื่อ"
)
# Programs that name the writer alone: `Quoting Ana <ana@x.example>:`.
QUOTING = "quoting|zitat von|citando(?: a)?|citation de|selon|citat från|cytowanie"

ORIGINAL_MESSAGE = (
    r"original[ -]?(?:message|appointment)|reply[ -]?message|ursprüngliche (?:nachricht|e-?mail)|originalnachricht"
    r"|mensaje original|message d['’]origine|message original|messaggio originale|mensagem original"
    r"|oorspronkelijk bericht|originele bericht|oprindelig (?:meddelelse|besked)|opprinnelig melding|original meddelelse|ursprungligt meddelande"
    r"|wiadomość oryginalna|oryginalna wiadomość|alkuperäinen viesti|původní (?:zpráva|e-?mail)|pôvodná správa|eredeti (?:üzenet|levél)"
    r"|исходное сообщение|оригинальное сообщение|(?:вихідне|початкове|оригінальне) повідомлення|оригинално съобщение"
    r"|(?:özgün|orijinal|orjinal) (?:ileti|mesaj)|αρχικό μήνυμα|mesaj(?:ul)? original|(?:izvorna|originalna) poruka|izvirno sporočilo|missatge original"
    r"|algne kiri|originalus laiškas|元のメッセージ|原始(?:邮件|郵件)|邮件原件|原邮件|원본 (?:메시지|메일)|(?:thư|tin nhắn) gốc|pesan asli|הודעה מקורית|الرسالة الأصلية"
)
FORWARDED_MESSAGE = (
    r"forwarded message|begin forwarded message|weitergeleitete nachricht"
    r"|anfang der weitergeleiteten (?:nachricht|e-?mail)|mensaje reenviado|inicio del mensaje reenviado|message transféré"
    r"|début du message (?:réexpédié|transféré)|message réexpédié|messaggio inoltrato|inizio messaggio inoltrato"
    r"|mensagem encaminhada|mensagem reencaminhada|início da mensagem (?:encaminhada|reencaminhada)"
    r"|início de mensagem reenviada|doorgestuurd bericht|begin doorgestuurd bericht"
    r"|vidarebefordrat (?:meddelande|brev|mejl)|vidaresänt meddelande|videresend(?:t|te) (?:besked|meddelelse|melding)"
    r"|(?:start på|begynnelse på) (?:den )?videresend(?:t|te) (?:besked|meddelelse|melding)|(?:välitetty|edelleenlähetetty) viesti"
    r"|(?:treść przekazanej|początek przekazywanej) wiadomości|(?:przekazana wiadomość|wiadomość przekazana dalej)|(?:přeposlaná|předaná) zpráva"
    r"|(?:začátek přeposlané zprávy)|preposlaná správa|továbbított (?:üzenet|levél)|пересылаемое сообщение|пересланное сообщение"
    r"|начало переадресованного сообщения|переслане повідомлення|препратено съобщение|(?:iletilen|yönlendirilen) (?:mesaj|ileti)|iletilmiş ileti"
    r"|προωθημένο μήνυμα|mesaj (?:redirecționat|transmis)|proslijeđena poruka|posredovano sporočilo|missatge reenviat|edastatud kiri"
    r"|転送(?:された)?メッセージ|转发(?:的)?邮件(?:信息)?|轉寄(?:的)?郵件|전달된 (?:메시지|메일|이메일)|전달한 메일|thư (?:được|đã) chuyển tiếp|pesan (?:terusan|yang diteruskan)"
    r"|הודעה שהועברה|رسالة معاد توجيهها"
)
