"""Files of `templates/` to notification templates, and their variables against the events that send them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes
from msgspec.structs import replace

from engine.config.document import Document, read_document
from engine.config.files import SourceFile
from engine.config.languages import is_language
from engine.config.mailbox import Mailbox
from engine.config.model import Choice, Jinja, Template, Variable
from engine.config.sandbox import ENVIRONMENT
from engine.config.variables import FAILED, NOTICES, PLAIN, VARIABLES, offered_to
from engine.dsl.tree import Notify, Refuse, RuleBook
from engine.dsl.values import Text
from engine.dsl.vocabulary import EVENTS
from engine.errors import Position, Problem, did_you_mean

_HEAD = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*\n", re.DOTALL | re.MULTILINE)


def read_template(source: SourceFile) -> tuple[Template | None, list[Problem]]:
    """One template, or what is wrong with it by itself: head, subject, syntax, and variables that no event has."""
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
    at = document.where("subject")
    body, body_line = source.text[head.end() :], source.text.count("\n", 0, head.end()) + 1
    name = source.name.removeprefix("templates/").removesuffix(".md")
    used: list[Variable] = []
    problems: list[Problem] = []
    parts: list[tuple[str | Choice, ...] | None] = []
    for text, line in ((subject, at.line), (body, body_line)):
        tree, wrong = _parse(text, source.name, line)
        problems += wrong
        parts.append(None if tree is None else _parts(tree))
        if tree is not None:
            found, wrong = _variables(tree, source.name, line)
            used += found
            problems += wrong
    return Template(name, Jinja(subject, parts[0]), Jinja(body, parts[1]), at, body_line, tuple(used)), problems


def by_language(templates: Mapping[str, Template]) -> tuple[dict[str, Template], list[Problem]]:
    """`received.fr`, where there is a `received`, as that in French."""
    found: dict[str, Template] = {}
    languages: dict[str, dict[str, Template]] = {}
    problems: list[Problem] = []
    for name, template in templates.items():
        base, _, code = name.rpartition(".")
        if base not in templates or not is_language(code):
            found[name] = template
            continue
        others = languages.setdefault(base, {})
        first = others.setdefault(code.lower(), template)
        if first is not template:
            message = f"the template '{base}' is there twice in the language '{code.lower()}'"
            problems.append(Problem(Position(template.position.file, 1, 1), message, f"the other is {first.position.file}"))
    return {name: replace(template, languages=languages.get(name, {})) for name, template in found.items()}, problems


def _parse(text: str, file: str, first: int) -> tuple[nodes.Template | None, list[Problem]]:
    try:
        tree = ENVIRONMENT.parse(text)
        ENVIRONMENT.compile(tree)  # unknown filters and tests show only here
    except TemplateError as error:
        line = first + error.lineno - 1 if isinstance(error, TemplateSyntaxError) else first
        return None, [Problem(Position(file, line), f"the template is wrong: {error.message}", "check its {{ }} and {% %}")]
    return tree, []


def _variables(tree: nodes.Template, file: str, first: int) -> tuple[list[Variable], list[Problem]]:
    """The variables that a text uses, and names that no event knows."""

    def at(line: int) -> Position:
        return Position(file, first + line - 1)

    for statement in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        return [], [Problem(at(statement.lineno), "a template cannot include another", "write its text here")]
    free = meta.find_undeclared_variables(tree)
    inside = {id(node.node) for node in _attributes(tree)}
    found: list[Variable] = []
    problems: list[Problem] = []
    for node in _attributes(tree):
        if isinstance(node.node, nodes.Name) and node.node.name in free and node.node.name in VARIABLES:
            group = node.node.name
            variable = Variable(group, _attribute(node), at(node.lineno))
            found.append(variable)
            if variable.attribute not in VARIABLES[group]:
                fix = did_you_mean(variable.attribute, VARIABLES[group])
                problems.append(Problem(variable.position, f"unknown variable '{variable}'", fix))
        elif _attribute(node).startswith("_"):
            problems.append(Problem(at(node.lineno), f"'{_attribute(node)}' cannot be asked for here", "write a variable"))
    for name in tree.find_all(nodes.Name):
        if name.name not in free or name.ctx != "load":
            continue
        if name.name in PLAIN:
            found.append(Variable(name.name, "", at(name.lineno)))
        elif name.name not in VARIABLES:
            fix = did_you_mean(name.name, [*VARIABLES, *PLAIN])
            problems.append(Problem(at(name.lineno), f"unknown variable '{name.name}'", fix))
        elif id(name) not in inside:
            members = ", ".join(f"{name.name}.{one}" for one in list(VARIABLES[name.name])[:3])
            problems.append(Problem(at(name.lineno), f"'{name.name}' is a whole group of variables", f"write {members}, ..."))
    return found, problems


def _attributes(tree: nodes.Template) -> list[nodes.Getattr | nodes.Getitem]:
    return [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]


def _attribute(node: nodes.Getattr | nodes.Getitem) -> str:
    """`number` of `ticket.number` and `ticket["number"]`."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else "[...]"


def _parts(tree: nodes.Template) -> tuple[str | Choice, ...] | None:
    """A text of nothing but variables, and choices among them; None where more is asked of Jinja2."""
    parts: list[str | Choice] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            part = node.data if isinstance(node, nodes.TemplateData) else _choice(node)
            if part is None:
                return None
            parts.append(part)
    return tuple(parts)


def _choice(node: nodes.Expr) -> Choice | None:
    match node:
        case nodes.Name(name=name) if name in PLAIN:
            return Choice(((name, ""),))
        case nodes.Getattr(node=nodes.Name(name=group), attr=name):
            return Choice(((group, name),))
        case nodes.Const(value=str(text)):
            return Choice((text,))
        case nodes.Or(left=left, right=right):
            first, second = _choice(left), _choice(right)
            return Choice((*first.of, *second.of)) if first and second else None
    return None


def check_variables(book: RuleBook, mailboxes: Iterable[Mailbox], templates: Mapping[str, Template]) -> list[Problem]:
    """Templates whose event does not have what they use. One that does not exist is reported elsewhere."""
    problems: list[Problem] = []

    def check(name: str, offered: frozenset[str], where: Position, event: str) -> None:
        template = templates.get(name)
        for variable in template.all_variables if template else ():
            if variable.group not in offered:
                fix = f"'{event}' offers: {', '.join(sorted(offered))}"
                message = f"the template '{name}' uses '{variable}' ({variable.position}), which '{event}' does not have"
                problems.append(Problem(where, message, fix))

    for mailbox in mailboxes:
        for key, offered in NOTICES.items():
            notice = getattr(mailbox, key)
            if notice is not None:
                check(notice.template, offered, mailbox.where("notify", key, "template"), key)
    for named, offered, event in _uses(book):
        check(named.text, offered, named.position, event)
    return problems


def _uses(book: RuleBook) -> Iterator[tuple[Text, frozenset[str], str]]:
    """Every template that a rule names, with what is offered to it there."""
    for rule in book.rules:
        if rule.event.name not in EVENTS:
            continue
        waits = rule.event.after is not None
        for action in rule.actions:
            if isinstance(action, Notify):
                offered = offered_to(rule.event.name, waits=waits)
                yield action.template, offered, f"after ... {rule.event.name}" if waits else rule.event.name
            elif isinstance(action, Refuse) and action.template is not None:
                yield action.template, FAILED, "refuse"
