"""Bounces of a hundred systems, written by us in their words: the sender, the subject and the beginning of the text alone tell them.

None has what real ones mostly have besides, a null Return-Path, `Auto-Submitted` or the parts of a report.
"""

from __future__ import annotations

import pytest

from engine.mail.parse import parse_message

# (system, From, Subject, text, more headers)
BOUNCES = [
    ('biglobe', 'postmaster@biglobe.ne.jp', 'Returned mail: User unknown', "   ----- The following addresses had delivery problems -----\n********@***.biglobe.ne.jp\n\n   ----- Non-delivered information -----\nThe number of messages in recipient's mailbox exceeded the local limit.\n", ''),
    ('ezweb', 'Postmaster@ezweb.ne.jp', 'Mail System Error - Returned Mail', 'The user(s) account is temporarily over quota.\n\n<***@ezweb.ne.jp>\n\n', ''),
    ('docomo', 'MAILER-DAEMON@docomo.ne.jp', 'Unknown User', 'The mail was not sent', ''),
    ('imail', '"Postmaster" <postmaster@mail.example.net>', 'Undeliverable Mail', 'User mailbox exceeds allowed size: foo@example.net\n\n\nOriginal message follows.\n\nReceived: from x', ''),
    ('imail2', '"Postmaster" <postmaster@mail.example.net>', 'Undeliverable Mail', 'Unknown user: foo@example.net\n\nOriginal message follows.\n', ''),
    ('imail3', '"Postmaster" <postmaster@mail.example.net>', 'Undeliverable Mail', 'Undeliverable to foo@example.net\nOriginal message follows.\n', ''),
    ('groupwise', 'Mailer-Daemon@gw.example', 'Message status - undeliverable', 'The message that you sent was undeliverable to the following:\n\tfoo (Mailbox full)\n', ''),
    ('mmdf', 'mmdf@x.example', 'Failed mail (msg.aa12345)', '    Your message could not be delivered to:\nfoo', ''),
    ('kerio', 'MAILER-DAEMON@x.example', 'Delivery failed', 'Your message to foo@x.example was not delivered.', ''),
    ('axigen', '"Axigen Mail Server" <postmaster@x.example>', 'Mail delivery failed', 'Your message could not be delivered', ''),
    ('x5', 'Mail Administrator <Postmaster@x.example>', 'Mail System Error - Returned Mail', 'This Message was undeliverable due to the following reason:\n\nEach of the following recipients was rejected by a remote mail server.\n', ''),
    ('x1', 'MAILER-DAEMON@x.example', 'Returned Mail: User unknown', 'The original message was received at Thu, 29 Apr 2010\n', ''),
    ('mailfoundry', '"MAILER-DAEMON" <x@mx>', 'Message delivery has failed', 'Unable to deliver message to: <foo@x>\nDelivery failed for the following reason:\n', ''),
    ('mailmarshal', '<postmaster@x.example>', 'Undeliverable Mail: "hello"', 'Your message:\n    From:    a@b\n    Subject: x\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected: \n    foo@x.example\n', ''),
    ('mfilter', '"MAILER-DAEMON" <postmaster@x.example>', 'failure notice', 'foo@x.example\n\n-------server message\n550 5.1.1 unknown user\n', ''),
    ('notes', '', 'DELIVERY FAILURE: User unknown', '----------------------- Failure Reasons  --------------------------------\n\nUser not listed in public Name & Address Book\nfoo@x\n', ''),
    ('notes2', 'Postmaster@x.example', 'DELIVERY FAILURE: 550 5.1.1 User unknown', 'Your message\n\n  Subject: hello\n\nwas not delivered to:\n\n  foo@x\n\nbecause:\n\n  550 5.1.1\n', ''),
    ('sun', 'Internet Mail Delivery <postmaster@x.example>', 'Delivery Notification: Delivery has failed', 'This report relates to a message you sent with the following header fields:\n\n  Message-id: <a@b>\n\nYour message cannot be delivered to the following recipients:\n\n  Recipient address: foo@x\n  Reason: Mailbox full\n', ''),
    ('opensmtpd', 'Mailer Daemon <MAILER-DAEMON@x>', 'Delivery status notification: error', '    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nfoo@x: 550 5.2.2 <foo@x>... Mailbox Full\n', ''),
    ('v5sendmail', 'Mail Delivery Subsystem <MAILER-DAEMON@x>', 'Returned mail: Host unknown', '   ----- Transcript of session follows -----\n550 foo... Host unknown\n\n   ----- Unsent message follows -----\n', ''),
    ('verizon', 'post_master@vtext.com', 'Undeliverable Message', 'Error: No valid recipients for this MM', ''),
    ('verizon2', 'Post_Master@vtext.com', '', 'Message could not be delivered to mobile.\nError: No valid recipients for this MM', ''),
    ('zoho', '<mailer-daemon@mail.zoho.com>', 'Undelivered Mail Returned to Sender', 'This message was created automatically by mail delivery software.\n A message that you sent could not be delivered', ''),
    ('yandex', 'mailer-daemon@yandex.ru', 'Недоставленное сообщение', 'This is the mail system at host yandex.ru.\n', ''),
    ('1und1', '"Mail Delivery System" <mailer-daemon@kundenserver.de>', 'Mail delivery failed: returning message to sender', 'This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its recipients', ''),
    ('gmx', 'mailer-daemon@gmx.de', 'Mail delivery failed: returning message to sender', 'This message was created automatically by mail delivery software (TMDA).\n\nA message that you sent could not be delivered to\none or more of its recipients.', ''),
    ('interscan', '"InterScan MSS" <foo@x.example>', 'Mail could not be delivered', 'Sent >>> RCPT TO:<foo@x>\nReceived <<< 550 5.1.1 user unknown\n', ''),
    ('apachejames', 'postmaster@x.example', '[BOUNCE]', "Hi. This is the James mail server at x.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n", ''),
    ('fml2', 'foo-admin@ml.example', 'fml warning: not a member', 'You are not member', 'X-MLServer: fml [fml 4.0]\n'),
    ('surgemail', 'Mail Delivery <postmaster@x.example>', 'Mail delivery failed', 'Mail sent to <foo@x> could not be delivered: 550 user unknown', ''),
    ('mdaemon', 'MDaemon at x.example <postmaster@x.example>', 'Warning: foo@x - User unknown!', 'The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful delivery attempts the attached message has been removed', ''),
    ('mimecast', 'postmaster@x.example', '[Postmaster] Email Delivery Failure', 'The message you sent to foo@x could not be delivered. Invalid Recipient', ''),
    ('barracuda', '"Barracuda Spam Firewall" <postmaster@x.example>', '**Message you sent blocked by our bulk email filter**', 'Your message to: foo@x was blocked by our Spam Firewall.', ''),
    ('messagelabs', '<virussender@messagelabs.com>', 'Mail Delivery Failure', 'This is the mail delivery agent at messagelabs.com.\nI was unable to deliver your message to the following addresses:\n\nfoo@x\n\nReason: 550 user unknown', ''),
    ('aol', 'MAILER-DAEMON@aol.com', 'Mail Delivery Problem', 'Your mail to the following recipients could not be delivered', ''),
    ('yahoo', 'MAILER-DAEMON@yahoo.com', 'Failure Notice', 'Sorry, we were unable to deliver your message to the following address.\n\n<foo@yahoo.com>:\nRemote host said: 554', ''),
    ('qmail', 'MAILER-DAEMON@x', 'failure notice', "Hi. This is the qmail-send program at x.\nI'm afraid I wasn't able to deliver your message", ''),
    ('googlegroups', 'Mail Delivery Subsystem <mailer-daemon@googlemail.com>', 'Delivery Status Notification (Failure)', "Hello a@b,\n\nWe're writing to let you know that the group you tried to contact (x) may not exist", ''),
    ('exchange2003', 'System Administrator <postmaster@x.example>', 'Undeliverable: hello', 'Your message\n\n  To:      foo\n  Subject: hello\n  Sent: ...\n\ndid not reach the following recipient(s):\n\nfoo@x on Tue\n    The recipient name is not recognized\n    MSEXCH:IMS:', ''),
    ('exchange-de', 'Systemadministrator', 'Unzustellbar: hallo', 'Ihre Nachricht\n\n  An: foo\n  Betreff: hallo\n  Gesendet: ...\n\nhat einige oder alle Empfänger nicht erreicht.\n', ''),
    ('outlook-local', 'System Administrator', 'Undeliverable: x', 'Your message did not reach some or all of the intended recipients.\n\n      Subject:\tx\n      Sent:\t1\n\nThe following recipient(s) cannot be reached:\n\n  foo on 1\n     None of your e-mail accounts could send to this recipient.', ''),
    ('ses', 'MAILER-DAEMON@email-bounces.amazonses.com', 'Delivery Status Notification (Failure)', 'An error occurred while trying to deliver the mail to the following recipients:\nfoo@x', ''),
    ('trend', 'TMES <postmaster@tmes.trendmicro.com>', 'Delivery failure', 'Sent <<< RCPT TO:<foo@x>\nReceived >>> 550 x', ''),
    ('activehunter', 'MAILER-DAEMON@x', 'FAILURE NOTICE :', '  ----- The following addresses had permanent fatal errors -----\n\n>>> foo@x <foo@x>\n', ''),
    ('courier', '"Courier mail server at x" <@x>', 'NOTICE: mail delivery status.', 'This is a delivery status notification from x,\nrunning the Courier mail server, version 0.65.2.\n\nThe original message was received on', ''),
    ('smtp32', 'postmaster@x.example', 'Delivery failure (foo@x)', 'Mail delivery to foo@x failed. Reason: user unknown', ''),
    ('mercury', 'Electronic Postmaster <POSTMASTER@x.example>', 'Postmaster notify: delivery failure.', 'This message was generated by the mail system at x.example.\n\nThe mail you sent could not be delivered to the following recipients:\nfoo - user unknown', ''),
    ('xmail', 'postmaster@x.example', 'Error sending message [1234.x] from [x]', '[<00>] XMail bounce: Rcpt=[foo@x];Error=[550 user unknown]\n', ''),
    ('hmail', 'mailer-daemon@x.example', 'Message undeliverable: hello', 'Your message did not reach some or all of the intended recipients.\n\n   Sent: 1\n   Subject: x\n\nThe following recipient(s) could not be reached:\n\nfoo@x\n   Error Type: SMTP', ''),
    ('mailenable', 'postmaster@x.example', 'Message Delivery Failure', 'MailEnable: Message could not be delivered to some recipients.\nThe following recipient(s) could not be reached:\n\n   Recipient: [SMTP:foo@x]\n   Reason: user unknown', ''),
    ('smartermail', 'System Administrator <noreply@x.example>', 'Delivery Failure', 'Could not deliver message to the following recipient(s):\n\nFailed Recipient: foo@x\nReason: Remote host said: 550 5.1.1', ''),
    ('communigate', 'MAILER-DAEMON@x', 'Undeliverable mail: hello', "Failed to deliver to '<foo@x>'\nLOCAL module(account foo) reports:\n account is full (quota exceeded)", ''),
    ('proofpoint', 'postmaster@pphosted.example', 'Undelivered Mail', 'The following message to foo@x was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550', ''),
    ('ironport', 'postmaster@x.example', 'Delivery Notification', "The following message to <foo@x> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'No such user'", ''),
    ('ironport2', 'Mail Delivery System <MAILER-DAEMON@x>', 'Delivery Status Notification (Failure)', 'The following message to <foo@x> was undeliverable.', ''),
    ('facebook', 'Facebook <postmaster@mailin.example>', 'Sorry, your message could not be delivered', "This message was created automatically by Facebook.\n\nBased on the email preferences of the person you're trying to email, this message could not be delivered.", ''),
    ('novell', 'postmaster@x.example', 'Mail Failure', 'The following error was encountered: 550 user unknown', ''),
    ('vipre', 'postmaster@x.example', 'Message not delivered', 'Your message was blocked', ''),
    ('t-online', 'Mailer-Daemon@t-online.de', 'Mail konnte nicht zugestellt werden', '|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message', ''),
    ('smail', 'MAILER-DAEMON@x', 'mail failed, returning to sender', '|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message', ''),
    ('rfc-fr', 'postmaster@x.example', 'Non remis : bonjour', "Votre message n'a pas pu être remis\n550 5.1.1", ''),
    ('rfc-es', 'postmaster@x.example', 'No se puede entregar: hola', 'No se pudo entregar el mensaje a los siguientes destinatarios:\n 550 5.1.1', ''),
    ('rfc-it', 'postmaster@x.example', 'Non recapitabile: ciao', 'Impossibile recapitare il messaggio ai seguenti destinatari\n550 5.1.1', ''),
    ('rfc-nl', 'postmaster@x.example', 'Onbestelbaar: hallo', 'De bezorging aan de volgende geadresseerden is mislukt\n550 5.1.1', ''),
    ('rfc-pl', 'postmaster@x.example', 'Niedostarczalne: hej', '550 5.1.1', ''),
    ('rfc-cz', 'postmaster@x.example', 'Nedoručitelné: ahoj', '550 5.1.1', ''),
    ('rfc-sv', 'postmaster@x.example', 'Det går inte att leverera: hej', '550 5.1.1', ''),
    ('rfc-da', 'postmaster@x.example', 'Kan ikke leveres: hej', '550 5.1.1', ''),
    ('rfc-fi', 'postmaster@x.example', 'Ei voitu toimittaa: moi', '550 5.1.1', ''),
    ('rfc-pt', 'postmaster@x.example', 'Não entregue: oi', '550 5.1.1', ''),
    ('rfc-tr', 'postmaster@x.example', 'Teslim Edilemedi: selam', '550 5.1.1', ''),
    ('rfc-zh', 'postmaster@x.example', '未传递: 你好', '550 5.1.1', ''),
    ('rfc-zh2', 'postmaster@qq.com', '系统退信', '您的邮件被退回\n550 5.1.1', ''),
    ('163', 'Postmaster@163.com', '系统退信/Systems bounce', '抱歉,您的邮件被退回来了', ''),
    ('ko', 'postmaster@x.example', '반송된 메일', '메일 전송 실패', ''),
    ('naver', 'postmaster@naver.com', '메일 전송 실패 안내', '메일이 전송되지 못했습니다', ''),
    ('jp', 'MAILER-DAEMON@x', 'メールが送信できませんでした', '宛先', ''),
    ('jp2', 'postmaster@x.example', '[エラー] 配送できませんでした', '宛先 550 5.1.1', ''),
    ('nifty', 'Mail Administrator <Postmaster@nifty.com>', 'Mail System Error - Returned Mail', 'This Message was undeliverable due to the following reason:', ''),
    ('powermta', 'mailer-daemon@x', 'Delivery report', 'Hello, this is the mail server on x.\n\nI am sending you this message to inform you on the delivery status of a message you previously sent.  Immediately below you will find a list of the affected recipients; also attached is a Delivery Status Notification', ''),
    ('sendgrid', 'MAILER-DAEMON@x', 'Undelivered Mail Returned to Sender', '-- MESSAGE FOLLOWS', ''),
    ('zimbra', 'MAILER-DAEMON@x', 'Undelivered Mail Returned to Sender', 'This is the mail system', ''),
    ('exim-warn', 'Mail Delivery System <Mailer-Daemon@x>', 'Warning: message 1abc delayed 24 hours', 'This message was created automatically', ''),
    ('ntl', 'mailer-daemon@ntlworld.com', 'Unable to deliver mail', 'x', ''),
    ('lotus-de2', '"Mail Router" <mailrouter@x.example>', 'DELIVERY FAILURE: User foo (foo@x) not listed in Domino Directory', 'Your message\n\n  Subject: x\n\nwas not delivered to:\n\n  foo@x\n\nbecause:\n\n  User foo', ''),
    ('stalwart', '"Mail Delivery Subsystem" <MAILER-DAEMON@x>', 'Failed to deliver message', 'Your message could not be delivered to the following recipients:', ''),
    ('maddy', '"Mail Delivery System" <MAILER-DAEMON@x>', 'Undelivered Mail Returned to Sender', 'This is the mail delivery system', ''),
    ('icloud', 'postmaster@icloud.example', 'Undeliverable message returned to sender', 'This message was created automatically by the mail system.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n', ''),
    ('cisco', 'MAILER-DAEMON@x', 'Delayed delivery notification', 'x', ''),
    ('voltage', 'noreply@x.example', 'Message Undeliverable', 'We could not deliver your message to foo@x. User unknown.', ''),
    ('mailgun', 'postmaster@mg.example', 'Undelivered Mail', '550 5.1.1 x', ''),
    ('sympatico', 'bounce@x.example', 'Delivery failure', '550 5.1.1', ''),
    ('listbounce', 'owner-foo@x.example', 'Rejected posting to FOO@X', 'You are not authorized to send mail to the FOO list', ''),
    ('tobit', '"Tobit David" <postmaster@x.example>', 'Unzustellbare Nachricht', 'Ihre Nachricht konnte nicht zugestellt werden', ''),
    ('kmail', 'postmaster@x.example', 'Nachricht nicht zustellbar', 'Die folgende Nachricht konnte nicht zugestellt werden 550 5.1.1', ''),
    ('amavis', '"Content-filter at mail.x.example" <postmaster@mail.x.example>', 'BANNED contents from you (.exe)', 'BANNED CONTENTS ALERT\n\nOur content checker found\n    banned name: .exe\n\nin email presumably from you', ''),
    ('amavis2', '"Content-filter at mail" <postmaster@mail.x.example>', 'Considered UNSOLICITED BULK EMAIL, apparently from you', 'A message from <a@b> to: foo was considered unsolicited bulk e-mail (UBE).', ''),
    ('gateway', 'E500_Mail_Service@x.example', 'Returned Mail - Error During Delivery', '------ Failed Recipients ------\n\n<foo@x.example>: mailbox unavailable. [SMTP Error Code 550]\n', ''),
    ('pickup', 'admin@x.example', 'Non-Delivery: Your order', '--- Non-Delivery Report ---\nfoo@x.example: mailbox unavailable, 550 5.1.1\n', 'List-Id: <l.x.example>\nPrecedence: bulk\n'),
    ('pickup2', 'admin@x.example', 'Non-Delivery: Your order', 'The email below could not be delivered to the following user:\n\nfoo@x.example\n', ''),
    ('scanner', 'antivirus_gateway@x.example', 'Delivery failure notification', 'Your message with Subject: Re: hello\ncould not be delivered to the following recipients:\n\nfoo@x.example\n', ''),
    ('mailenable2', 'POSTMASTER@x.example', 'Message Delivery Failure', 'MailEnable: Message could not be delivered to some recipients.\n', 'Precedence: bulk\nAuto-Submitted: auto-replied\n'),
    ('exchange55', 'System Administrator <postmaster@x.example>', 'Undeliverable: hello', '<p>Your message<br><br>&nbsp; To: foo@x.example<br>&nbsp; Subject: hello<br><br>did not reach the following recipient(s):<br>foo@x.example</p>', 'Content-Type: text/html\n'),
    ('text-de', 'mailgate@x.example', 'Unzustellbar: Angebot', 'Ihre Nachricht an foo@x.example konnte leider nicht zugestellt werden.\n', ''),
    ('text-fr', 'mailgate@x.example', 'Message non remis', "Votre message n'a pas pu etre delivre a foo@x.example\n550 5.1.1 unknown\n", ''),
    ('text-es', 'mailgate@x.example', 'No se pudo entregar', 'Su mensaje no ha podido ser entregado a foo@x.example\n550 5.1.1 unknown\n', ''),
    ('text-it', 'mailgate@x.example', 'Mancato recapito', 'Il suo messaggio a foo@x.example non è stato recapitato\n550 5.1.1 unknown\n', ''),
    ('text-nl', 'mailgate@x.example', 'Onbestelbaar: hallo', 'Uw bericht kon niet worden afgeleverd aan foo@x.example\n550 5.1.1 unknown\n', ''),
    ('text-pt', 'mailgate@x.example', 'Falha na entrega', 'A sua mensagem não pôde ser entregue a foo@x.example\n550 5.1.1 unknown\n', ''),
]  # fmt: skip


@pytest.mark.parametrize(("system", "sender", "subject", "text", "more"), BOUNCES, ids=[one[0] for one in BOUNCES])
def test_a_bounce_in_the_words_of_a_system(system: str, sender: str, subject: str, text: str, more: str) -> None:
    raw = f"From: {sender}\nTo: help@us.example\nSubject: {subject}\nMessage-ID: <1@x.example>\n{more}\n{text}\n"
    found = parse_message(raw.encode()).automatic
    assert found is not None and found.kind == "bounce", system
    assert found.gave_up is (system not in ("exim-warn", "cisco"))


# What people write about mail that does not arrive, in plain text and with no mail program's header.
PEOPLE = [
    ('Undelivered mail question', 'Hi, what does this mean?'),
    ('Mail delivery failed', 'We cannot send mails to bank.example since yesterday. 550 5.7.1 blocked.'),
    ('Returned mail', 'Our customer says he gets 550 5.1.1. user unknown when he writes to sales@. Can you check?'),
    ('Delivery failure notification setup', "We'd like delivery failure notifications for the scanner."),
    ('My mailbox is full', "I get 'mailbox is full' when receiving mail"),
    ('Mailbox full', 'Mailbox is full. Please increase.'),
    ('Quota exceeded', 'Quota exceeded for kim@x.example'),
    ('Bounce', 'Mails bounce: 550 5.4.1 Recipient address rejected: Access denied'),
    ('Delivery Status Notification', 'I get these since monday. 550 5.1.1'),
    ('failure notice', 'I got a failure notice today, from MAILER-DAEMON@x: user unknown'),
    ('Mail error', '550 error when sending'),
    ('Error sending mail', 'We get "550 relay denied" from the copier'),
    ('Cannot send mail', 'could not be delivered'),
    ('Message blocked', 'Message was blocked by our filter 550 5.7.1, please release it.'),
    ('Spam filter rejected mail', 'user unknown'),
    ('Email not delivered to customer', '550 5.1.1'),
    ('Nicht zugestellte Mails', 'Mails an kunde@x werden nicht zugestellt, 550 5.1.1'),
    ('Mail kommt zurück: unzustellbar', 'Unsere Mail an x@y kommt zurück, 5.1.1'),
    ('Zustellung fehlgeschlagen', 'Was heißt das? 5.7.1'),
    ('Fehler beim Senden', 'Outlook meldet 550 5.7.60'),
    ('Mail nicht angekommen', 'die Mail von Herrn X kam nicht an'),
    ('Out of office reply for Kim', "Please set: I'm away"),
    ('Abwesenheitsnotiz für Frau Meier', 'bitte einrichten'),
    ('Abwesenheitsnotiz bei Frau Meier einrichten', 'bitte'),
    ('Automatic replies for info@', 'please set up'),
    ('Automatische Antwort einrichten', 'bitte'),
    ('Autoreply not working', 'x'),
    ('On vacation next week', 'Please forward mail'),
    ('Vacation request form broken', 'x'),
    ('Kim is on holiday, need access to her mailbox', 'x'),
    ('Feedback report missing', 'x'),
    ('Abuse of printer', 'x'),
    ('Newsletter: unsubscribe', 'please unsubscribe me'),
    ('Delivery delayed', 'When does the laptop come? Delivery is delayed'),
    ('Delivery notification', "Where's my parcel? It wasn't delivered"),
    ('Warning: message on my PC', 'warning could not send'),
    ('Undelivered laptops', 'Two laptops were not delivered'),
    ('Delivery status of order 550', 'order status?'),
    ('Failed delivery of goods', 'was not delivered'),
    ('Rejected invoice', 'Invoice was rejected'),
    ('rejected', '550 5.7.1 from your server'),
    ('Server error 550', 'mailbox unavailable'),
    ('Statusmeldung Server', '550 user'),
    ('Read receipts', 'How do I turn off read receipts'),
    ('Read: question', 'x'),
    ('Gelesen: Angebot', "I've read it, thanks"),
    ('Accepted: meeting', 'x'),
    ('Delivery Status Notification (Failure)', 'Hi, I got this one. What does it mean?'),
    ('Undelivered Mail Returned to Sender', 'Hello, what is this?'),
    ('Undeliverable: Offer', 'Why? '),
    ('Undeliverable: Offer', 'This is the message I get: 550 5.1.1 user unknown'),
    ('Delivery failed', 'An error occurred while delivering the laptop, address unknown'),
    ('Mail System Error', 'The mail system says unknown user when I log in.'),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text"), PEOPLE)
def test_what_people_write_about_it(subject: str, text: str) -> None:
    raw = f"From: Ana <ana@x.example>\nTo: help@us.example\nSubject: {subject}\nMessage-ID: <1@x.example>\n\n{text}\n\nKind regards\nAna\n"
    assert parse_message(raw.encode()).automatic is None


@pytest.mark.parametrize("sign", ["Thread-Index: Ad", "In-Reply-To: <0@us.example>", "X-Mailer: Microsoft Outlook 16.0"])
def test_a_person_who_reads_the_postmasters_mail_is_heard(sign: str) -> None:
    head = (
        f"From: Ana <postmaster@x.example>\nTo: help@us.example\nSubject: Undeliverable mail\n{sign}\nMessage-ID: <1@x.example>\n"
    )
    text = "<p>Your message could not be delivered to Kim: user unknown. What shall we do?</p>"
    assert parse_message(f"{head}Content-Type: text/html\n\n{text}\n".encode()).automatic is None


@pytest.mark.parametrize(
    ("sender", "text", "kind"),
    [
        (
            "Mail Delivery Subsystem <admin@x.example>",
            "Your message to <foo@x> was automatically rejected:\nQuota exceeded",
            "bounce",
        ),
        ("Mail Delivery Subsystem <admin@x.example>", "Your message to <foo@x> was displayed.", "auto_reply"),
        ("foo@x.example", "Your message to <foo@x> was automatically rejected:\nQuota exceeded", "auto_reply"),
    ],
)
def test_a_mail_system_that_refuses_by_a_receipt_bounces(sender: str, text: str, kind: str) -> None:
    """As Dovecot does; what a person's mail program says so is his answer."""
    head = f"From: {sender}\nTo: help@us.example\nSubject: Automatically rejected mail\nMIME-Version: 1.0\nAuto-Submitted: auto-replied (rejected)\n"
    head += "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n"
    parts = f"--b\nContent-Type: text/plain\n\n{text}\n--b\nContent-Type: message/disposition-notification\n\nDisposition: x; deleted\n--b--\n"
    found = parse_message(f"{head}\n{parts}".encode()).automatic
    assert found is not None and found.kind == kind


_REPORT = (
    "From: MAILER-DAEMON@x\nSubject: {}\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\ntext\n--b\n"
    "Content-Type: {}\n\nReporting-MTA: dns; mx\n\n{}\n--b--\n"
)


@pytest.mark.parametrize("kind", ["message/delivery-status", "message/global-delivery-status"])
@pytest.mark.parametrize(
    ("fields", "gave_up"),
    [
        ("Final-Recipient: rfc822; a@x\nAction: failed\nStatus: 5.1.1", True),
        ("Action: delayed", False),
        ("Action: relayed", False),
        ("action:DELIVERED", False),
        ("Action: delayed\n\nAction: Failed (mailbox full)", True),  # another recipient
        ("Status: 5.1.1", True),
        ("Diagnostic-Code: smtp; 550 Action: delayed", True),  # said within another field
    ],
)
def test_a_report_says_whether_anybody_tries_further(kind: str, fields: str, gave_up: bool) -> None:
    found = parse_message(_REPORT.format("Undelivered Mail", kind, fields).encode()).automatic
    assert found is not None and found.kind == "bounce" and found.gave_up is gave_up


@pytest.mark.parametrize(
    ("subject", "gave_up"), [("Undelivered", True), ("Verzögerte Zustellung: Angebot", False), ("Delivery delayed", False)]
)
def test_where_no_field_says_it_the_subject_does(subject: str, gave_up: bool) -> None:
    found = parse_message(_REPORT.format(subject, "text/plain", "Reporting-MTA: dns; mx").encode()).automatic
    assert found is not None and found.gave_up is gave_up


def test_what_a_returned_message_reports_is_not_its_own() -> None:
    """A report within the copy of what came back, which was passed on as it was."""
    inner = "--b\nContent-Type: message/rfc822\n\n" + _REPORT.replace("boundary=b", "boundary=c").replace("--b", "--c").format(
        "x", "message/delivery-status", "Action: failed"
    )
    outer = _REPORT.format("Delayed", "message/delivery-status", "Action: delayed").replace("--b--\n", inner + "--b--\n")
    found = parse_message(outer.encode()).automatic
    assert found is not None and not found.gave_up
