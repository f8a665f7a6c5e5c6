"""One message, written in the many ways that RFC 2045 to 2231 and real programs have, is always read as that one."""

from __future__ import annotations

import base64
import quopri
from email.header import Header
from random import Random
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from engine.mail.message import Message
from engine.mail.parse import parse_message

WORDS = {
    "us-ascii": "the printer is broken on floor 3",
    "utf-8": "printer Büro größer naïve 測試 проверка ☃ € “quoted” – e\u0301",
    "iso-8859-1": "printer Büro größer naïve déjà señal",
    "windows-1252": "printer Büro € “quoted” – naïve",
    "koi8-r": "принтер не печатает printer вчера",
    "gb18030": "打印机 无法 打印 printer",
    "iso-2022-jp": "印刷 できません printer 事務所",
    "windows-1250": "drukarka nie działa w biurze żółw",
    "utf-16": "printer Büro 北京",
}
NAMES = ["a.pdf", "Büro größe.pdf", "測試 1.zip", "x y.bin", "Łódź.txt"]


def words(random: Random, charset: str, most: int = 12) -> str:
    return " ".join(random.choices(WORDS[charset].split(), k=random.randint(1, most)))


class Writer:
    """Chooses, for all that may be written in several ways."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.end = random.choice(["\r\n", "\n"])

    def case(self, word: str) -> str:
        return self.random.choice([word, word.lower(), word.upper()])

    def parting(self) -> str:
        return self.random.choice(["; ", ";", " ; ", f";{self.end}\t", f";{self.end}   ", f";{self.end}"])

    def value(self, text: str) -> str:
        plain = all(letter.isalnum() or letter in "-_." for letter in text)
        return text if plain and self.random.random() < 0.5 else f'"{text}"'

    def named(self, key: str, name: str) -> str:
        coded = quote(name)
        half = coded.find("%", len(coded) // 2) if "%" in coded else len(coded) // 2
        return self.random.choice(
            [
                f"{key}*=utf-8''{coded}",
                f"{key}*0*=utf-8''{coded[:half]}{self.parting()}{key}*1*={coded[half:]}",
                f'{key}="{Header(name, "utf-8", maxlinelen=10_000).encode()}"',
                f'{key}="{name}"',
            ]
        )

    def part(self, kind: str, data: bytes, charset: str = "", name: str = "") -> bytes:
        coding = self.random.choice(["base64", *(["quoted-printable", "8bit"] if charset not in ("", "utf-16") else [])])
        fields = [f"{self.case('Content-Type')}: {self.case(kind)}"]
        if charset:
            fields[0] += f"{self.parting()}{self.case('charset')}={self.value(self.case(charset))}"
        if name:
            fields.append(f"{self.case('Content-Disposition')}: attachment{self.parting()}{self.named('filename', name)}")
        fields.append(f"{self.case('Content-Transfer-Encoding')}:{self.random.choice(['', ' ', '  '])}{self.case(coding)}")
        self.random.shuffle(fields)
        return f"{self.end.join(fields)}{2 * self.end}".encode() + self.coded(data, coding)

    def coded(self, data: bytes, coding: str) -> bytes:
        if coding == "base64":
            text, width = base64.b64encode(data), self.random.choice([4, 60, 72, 76])
            return self.end.encode().join(text[place : place + width] for place in range(0, len(text), width))
        data = quopri.encodestring(data) if coding == "quoted-printable" else data
        return data.replace(b"\n", self.end.encode())

    def multipart(self, subtype: str, parts: list[bytes]) -> bytes:
        boundary = self.random.choice(["b", "=_x", "----=_Part 1", "a'b", "x" * 60]) + subtype
        before = self.random.choice(["", self.end, f"This is a multi-part message in MIME format.{self.end}"])
        head = (
            f'{self.case("Content-Type")}: {self.case(f"multipart/{subtype}")}{self.parting()}boundary="{boundary}"{2 * self.end}'
        )
        line = f"--{boundary}{self.random.choice(['', ' '])}{self.end}".encode()
        inner = b"".join(line + part + self.end.encode() for part in parts)
        return f"{head}{before}".encode() + inner + f"--{boundary}--{self.end}{self.random.choice(['', 'behind'])}".encode()

    def head(self, subject: str) -> bytes:
        packed = base64.b64encode(subject.encode()).decode()
        folded = Header(subject, "utf-8", maxlinelen=self.random.choice([40, 75, 998])).encode(linesep=self.end)
        written = self.random.choice([folded, f"=?UTF-8?B?{packed}?=", subject])
        fields = ["From: Ana <ana@contoso.example>", f"{self.case('Subject')}: {written}", "MIME-Version: 1.0"]
        self.random.shuffle(fields)
        return "".join(f"{field}{self.end}" for field in fields).encode()


def shown(message: Message) -> tuple[str, str, list[tuple[str, bytes]], tuple[str, ...]]:
    files = [(one.name, one.data) for one in message.attachments]
    return message.subject, message.text.strip("\n"), files, message.defects


@given(st.randoms(use_true_random=False))
def test_it_is_read_as_that_one(random: Random) -> None:
    charset = random.choice(list(WORDS))
    subject = words(random, "utf-8", 9)
    text = "\n".join(words(random, charset) for _ in range(random.randint(1, 8)))
    files = [(random.choice(NAMES), random.randbytes(random.randint(1, 300))) for _ in range(random.choice([0, 0, 1, 2]))]
    writer = Writer(random)
    body = writer.part("text/plain", text.encode(charset), charset)
    if random.random() < 0.5:
        body = writer.multipart("alternative", [body, writer.part("text/html", f"<p>{text}</p>".encode(charset), charset)])
    if files:
        body = writer.multipart("mixed", [body, *(writer.part("application/pdf", data, name=name) for name, data in files)])
    assert shown(parse_message(writer.head(subject) + body)) == (subject, text, files, ())
