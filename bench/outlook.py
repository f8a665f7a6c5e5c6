"""Mail as desks on Exchange get most of it: an answer written with Outlook, that came through Exchange Online.

Sixty header fields of which most are long and folded, a text, the same as Word writes HTML, the thread below it, and the picture of a signature.
"""

from __future__ import annotations

import base64
import quopri
import random
from collections.abc import Iterable

from bench.words import SEED, WORDS, encoded, sender, when, words

_STAMPED = ["Network-Message-Id", "OriginalArrivalTime", "FromEntityHeader", "Id", "AuthSource", "AuthAs", "MailboxType"]
_STYLES = [
    f'p.Mso{n}, li.Mso{n}, div.Mso{n}\r\n\t{{mso-style-priority:99;\r\n\tmargin:0cm;\r\n\tfont-size:11.0pt;\r\n\tfont-family:"Calibri",sans-serif;}}'
    for n in range(20)
]


def outlook(number: int, contacts: int = 100) -> bytes:
    """40 KB, of which 13 are the header."""
    rng = random.Random(2 * SEED + number)
    said, thread = words(rng, 1_200), words(rng, 2_500)
    said += f"\r\nb{number}x\r\n\r\nKind regards,\r\nContact {number}"
    before = "From: Help desk <help@harbourhill.example>\r\nSent: Monday, 1 November 2021 08:00\r\nTo: Contact\r\nSubject: Your request"
    page = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word">\r\n<head>\r\n'
        f'<meta name="Generator" content="Microsoft Word 15 (filtered medium)">\r\n<style><!--\r\n{_lines(_STYLES)}\r\n--></style>\r\n'
        f'</head>\r\n<body lang="EN-GB" link="#0563C1">\r\n<div class="WordSection1">\r\n{_paragraphs(said)}'
        '<p class="MsoNormal"><img width="120" height="40" src="cid:image001.png@01D7CF00"><o:p></o:p></p>\r\n'
        f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">\r\n{_paragraphs(before.replace("<", "&lt;"))}</div>\r\n'
        f"{_paragraphs(thread)}</div>\r\n</body>\r\n</html>\r\n"
    )
    whole, inner = f"_004_{number:08x}_", f"_000_{number:08x}_"
    return (
        f"{_lines(f'{name}: {value}' for name, value in _header(number, rng, contacts))}\r\n"
        f'Content-Type: multipart/related;\r\n\tboundary="{whole}";\r\n\ttype="multipart/alternative"\r\nMIME-Version: 1.0\r\n\r\n'
        f'--{whole}\r\nContent-Type: multipart/alternative;\r\n\tboundary="{inner}"\r\n\r\n'
        f"--{inner}\r\n{_TEXT.format('plain')}{_printable(_lines([said, '', before, '', thread]))}\r\n"
        f"--{inner}\r\n{_TEXT.format('html')}{_printable(page)}\r\n--{inner}--\r\n\r\n"
        f"--{whole}\r\n{_PICTURE}{encoded(rng.randbytes(5_000))}--{whole}--\r\n"
    ).encode()


_TEXT = 'Content-Type: text/{}; charset="us-ascii"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
_PICTURE = (
    'Content-Type: image/png; name="image001.png"\r\nContent-Description: image001.png\r\n'
    'Content-Disposition: inline; filename="image001.png"; size=5000;\r\n\tcreation-date="Mon, 01 Nov 2021 08:00:00 GMT"\r\n'
    "Content-ID: <image001.png@01D7CF00>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
)


def _header(number: int, rng: random.Random, contacts: int) -> list[tuple[str, str]]:
    date = when(number)
    hosts = [f"AM6PR{rng.randint(10, 99)}MB{rng.randint(1_000, 9_999)}.eurprd{n:02}.prod.outlook.example" for n in range(7)]
    passed = "spf=pass (sender IP is 192.0.2.7)\r\n smtp.mailfrom=customer.example; dkim=pass (signature was verified)"
    return [
        *(
            (
                "Received",
                f"from {hosts[hop]} (2001:db8:20b:{hop}::14)\r\n by {hosts[hop + 1]} with SMTP\r\n Server (version=TLS1_2,"
                f" cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\r\n 15.20.{rng.randint(1_000, 9_999)}.{hop}; {date}",
            )
            for hop in range(6)
        ),
        ("ARC-Seal", f"i=1; a=rsa-sha256; s=arcselector; d=outlook.example; cv=none;\r\n b={_sealed(rng, 6)}"),
        ("ARC-Message-Signature", f"i=1; a=rsa-sha256; c=relaxed/relaxed; d=outlook.example;\r\n bh={_sealed(rng, 1)};\r\n b={_sealed(rng, 6)}"),
        ("ARC-Authentication-Results", f"i=1; mx.outlook.example 1; {passed}\r\n header.d=customer.example; arc=none"),
        ("DKIM-Signature", f"v=1; a=rsa-sha256; c=relaxed/relaxed; d=customer.example;\r\n s=selector1;\r\n b={_sealed(rng, 6)}"),
        ("Authentication-Results", f"{passed}\r\n header.d=customer.example;dmarc=pass action=none\r\n header.from=customer.example"),
        ("Received-SPF", "Pass (protection.outlook.example: domain of customer.example designates\r\n 192.0.2.7 as permitted sender)"),
        ("From", f"Contact {number} <{sender(number, contacts)}>"),
        ("To", "Help desk <help@harbourhill.example>"),
        ("Subject", f"{' '.join(rng.choices(WORDS, k=5))} s{number}x"),
        ("Thread-Topic", "Your request"),
        ("Thread-Index", _sealed(rng, 1)[:36]),
        ("Date", date),
        ("Message-ID", f"\r\n <{rng.getrandbits(96):024X}@{hosts[0]}>"),
        ("References", "\r\n ".join(f"<{rng.getrandbits(96):024X}@elsewhere.example>" for _ in range(3))),
        ("In-Reply-To", f"<{rng.getrandbits(96):024X}@elsewhere.example>"),
        ("Accept-Language", "en-GB, en-US"),
        ("Content-Language", "en-US"),
        ("X-MS-Has-Attach", "yes"),
        ("X-MS-TNEF-Correlator", ""),
        ("X-MS-PublicTrafficType", "Email"),
        ("X-MS-TrafficTypeDiagnostic", f"{hosts[0]}:EE_|{hosts[1]}:EE_"),
        ("X-MS-Office365-Filtering-Correlation-Id", f"{rng.getrandbits(128):032x}"),
        ("X-Microsoft-Antispam-Untrusted", "BCL:0;ARA:13230040|376014|366016|1800799024|38070700018|8096899003;"),
        ("X-Microsoft-Antispam-Message-Info-Original", f"=?us-ascii?Q?{_sealed(rng, 1)[:40]}?=\r\n {_sealed(rng, 28)}"),
        ("X-Forefront-Antispam-Report-Untrusted", f"CIP:192.0.2.7;CTRY:;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:{hosts[0]};PTR:;CAT:NONE"),
        ("X-MS-Exchange-AntiSpam-MessageData-ChunkCount", "1"),
        ("X-MS-Exchange-AntiSpam-MessageData-0", _sealed(rng, 28)),
        *((f"X-MS-Exchange-{which}-{name}", _sealed(rng, 1)) for which in ("CrossTenant", "Organization", "Transport") for name in _STAMPED),
        ("X-Microsoft-Antispam", "BCL:0;ARA:14060799003|35042699022|1800799024|82310400026;"),
        ("X-Microsoft-Antispam-Message-Info", _sealed(rng, 28)),
        ("X-Forefront-Antispam-Report", f"CIP:192.0.2.7;CTRY:NL;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:{hosts[0]};PTR:;CAT:NONE"),
    ]  # fmt: skip


def _lines(lines: Iterable[str]) -> str:
    return "\r\n".join(lines)


def _sealed(rng: random.Random, count: int) -> str:
    """So many lines of a signature."""
    return "\r\n ".join(base64.b64encode(rng.randbytes(48)).decode() for _ in range(count))


def _paragraphs(text: str) -> str:
    span = '<span lang="EN-US" style="mso-fareast-language:EN-US">'
    return "".join(f'<p class="MsoNormal">{span}{line or "&nbsp;"}<o:p></o:p></span></p>\r\n' for line in text.split("\r\n"))


def _printable(text: str) -> str:
    return quopri.encodestring(text.replace("\r\n", "\n").encode()).decode().replace("\n", "\r\n")
