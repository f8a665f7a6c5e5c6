"""Files of `templates/` to notification templates: a head with the subject, then the Markdown body."""

from __future__ import annotations

import re

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from engine.config.document import Document, read_document
from engine.config.files import SourceFile
from engine.config.model import Template
from engine.errors import Position, Problem

_HEAD = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*\n", re.DOTALL | re.MULTILINE)
_ENVIRONMENT = SandboxedEnvironment()


def read_template(source: SourceFile) -> tuple[Template | None, list[Problem]]:
    """One template, or what is wrong with it: head, subject, and the syntax of both."""
    start = Position(source.name, 1, 1)
    head = _HEAD.match(source.text)
    if not head:
        return None, [Problem(start, "the template has no head", 'start it with ---, subject: "...", ---')]
    # A line in front keeps the head's own line numbers.
    document: Document = read_document(SourceFile(source.name, "\n" + head[1]))
    if document.problems:
        return None, document.problems
    subject = document.data.get("subject") if isinstance(document.data, dict) else None
    if not isinstance(subject, str) or not subject.strip():
        return None, [Problem(start, "the template has no subject", 'add subject: "..." to its head')]
    unknown = [name for name in document.data if name != "subject"]
    if unknown:
        return None, [Problem(document.where_key(unknown[0]), f"unknown key '{unknown[0]}'", "the head has only: subject")]
    body_line = source.text.count("\n", 0, head.end()) + 1
    name = source.name.removeprefix("templates/").removesuffix(".md")
    template = Template(name, subject, source.text[head.end() :], document.where("subject"), body_line)
    problems = []
    for text, line in ((template.subject, template.position.line), (template.body, body_line)):
        try:
            _ENVIRONMENT.parse(text)
        except TemplateSyntaxError as error:
            at = Position(source.name, line + error.lineno - 1)
            problems.append(Problem(at, f"the template is wrong: {error.message}", "check its {{ }} and {% %}"))
    return template, problems
