"""Lark's parse tree to the frozen syntax tree of `tree`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from typing import Any, TypeVar, cast

from lark import Token, Tree

from engine.dsl.tree import (
    Action,
    AddNote,
    AddTag,
    And,
    Assign,
    Attribute,
    Condition,
    CreateTicket,
    Discard,
    Duration,
    Event,
    ListName,
    Moment,
    NamedList,
    Not,
    Notify,
    Number,
    Operand,
    Operator,
    Or,
    Pattern,
    Quarantine,
    Recipient,
    Refuse,
    Related,
    RemoveTag,
    Rule,
    SetField,
    Size,
    Stop,
    Test,
    Text,
    Texts,
    Value,
)
from engine.dsl.vocabulary import spelt
from engine.errors import Position, Problem
from engine.quantity import parse_duration, parse_size

Node = Tree[Token]
_T = TypeVar("_T")

# Grammar's predicate -> (operator, negated)
_PREDICATES: dict[str, tuple[Operator, bool]] = {
    "p_is": ("is", False),
    "p_is_not": ("is", True),
    "p_empty": ("is empty", False),
    "p_not_empty": ("is empty", True),
    "p_in": ("in", False),
    "p_not_in": ("in", True),
    "p_contains": ("contains", False),
    "p_not_contains": ("contains", True),
    "p_any_of": ("contains any of", False),
    "p_all_of": ("contains all of", False),
    "p_not_any_of": ("contains any of", True),
    "p_starts": ("starts with", False),
    "p_ends": ("ends with", False),
    "p_not_starts": ("starts with", True),
    "p_not_ends": ("ends with", True),
    "p_matches": ("matches", False),
    "p_not_matches": ("matches", True),
    "p_exists": ("exists", False),
    "p_not_exists": ("exists", True),
    "p_has_tag": ("has tag", False),
    "p_not_has_tag": ("has tag", True),
}
_ESCAPES = {"n": "\n", "t": "\t"}
_RECIPIENTS: dict[str, Related] = {
    "to_sender": "sender",
    "to_contact": "contact",
    "to_additional": "additional contacts",
    "to_assigned": "assigned resource",
    "to_organization": "organization resource",
}


class BuildError(Exception):
    """A value that the grammar lets pass but nothing can mean, such as 25:70."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def canonical(words: str) -> str:
    """`issue type`, `Issue_Type` -> `issue_type`: the one spelling of a field's or event's name."""
    return re.sub(r"[\s_]+", "_", words.strip()).lower()


class Builder:
    """One file's trees. The text is at hand so that a condition can be quoted as it was written."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    def items(self, tree: Node) -> list[Rule | NamedList]:
        return [self._rule(child) if child.data == "rule" else self._list(child) for child in _trees(tree)]

    def _at(self, item: Node | Token) -> Position:
        if isinstance(item, Token):
            return Position(self.file, item.line or 0, item.column or 0)
        return Position(self.file, item.meta.line, item.meta.column)

    def _words(self, node: Node) -> str:
        return " ".join(self.text[node.meta.start_pos : node.meta.end_pos].split())

    # --- rules and lists ---

    def _list(self, node: Node) -> NamedList:
        name, *texts = cast(list[Token], node.children)
        return NamedList(str(name).lower(), tuple(self._string(text) for text in texts), self._at(name))

    def _rule(self, node: Node) -> Rule:
        # The keyword `rule` is not in the tree: the rule's line is its name's.
        name = cast(Token, node.children[0])
        priority, event, condition = None, None, None
        actions: list[Action] = []
        for child in _trees(node):
            if child.data == "priority":
                priority = int(cast(Token, child.children[0]))
            elif child.data in ("on", "after"):
                event = self._event(child)
            elif child.data == "when":
                condition = self._condition(_trees(child)[0])
            else:
                actions.append(self._action(child))
        assert event is not None
        return Rule(_unquote(name), priority, event, condition, tuple(actions), self._at(name))

    def _event(self, node: Node) -> Event:
        words = _trees(node)[-1]
        after = None
        if node.data == "after":
            after = self._duration(cast(Token, node.children[0]))
        return Event(_join(words).replace("_", " "), after, self._at(words))

    # --- conditions ---

    def _condition(self, node: Node) -> Condition:
        at, words = self._at(node), self._words(node)
        if node.data == "or":
            return Or(tuple(self._condition(child) for child in _trees(node)), at, words)
        if node.data == "and":
            return And(tuple(self._condition(child) for child in _trees(node)), at, words)
        if node.data == "not":
            return Not(self._condition(_trees(node)[0]), at, words)
        return self._test(node, at, words)

    def _test(self, node: Node, at: Position, words: str) -> Condition:
        first, *rest = _trees(node)
        operand = self._operand(first)
        if not rest:
            return Test(operand, "holds", None, at, words)
        predicate = rest[0]
        if predicate.data == "p_compare":
            sign, quantity = predicate.children
            return Test(operand, cast(Operator, str(sign)), self._value(quantity), at, words)
        if predicate.data in ("p_changed", "p_changed_to"):
            return self._changed(operand, self._words(first), predicate, at, words)
        operator, negated = _PREDICATES[str(predicate.data)]
        value = self._value(predicate.children[0]) if predicate.children else None
        test = Test(operand, operator, value, at, words)
        return Not(test, at, words) if negated else test

    def _changed(self, operand: Operand, name: str, predicate: Node, at: Position, words: str) -> Condition:
        """`status changed to "Done"`: it has changed, and it is that."""
        if operand.kind != "field":
            raise BuildError(Problem(at, f"'{name}' does not change: the message is what it is", "ask for its value"))
        changed = Operand("changed", operand.name, operand.position)
        test = Test(changed, "holds", None, at, f"{name} changed")
        if not predicate.children:
            return test
        value = cast(Node, predicate.children[0])
        return And((test, Test(operand, "is", self._value(value), at, f"{name} is {self._words(value)}")), at, words)

    def _operand(self, node: Node) -> Operand:
        child = node.children[0]
        if node.data == "header":
            return Operand("header", _unquote(cast(Token, child)).lower(), self._at(cast(Token, child)))
        kind = "any" if node.data == "any" else "field"
        return Operand(cast(Any, kind), spelt(canonical(_join(cast(Node, child)))), self._at(cast(Node, child)))

    # --- values ---

    def _value(self, item: Any) -> Value:
        if isinstance(item, Token):
            return self._pattern(item)
        child = item.children[0]
        if item.data == "text":
            return self._string(child)
        if item.data in ("word", "id_word"):
            word = _join(child) if isinstance(child, Tree) else str(child)
            return Text(word, False, self._at(item))
        if item.data == "number":
            return Number(float(child), self._at(child))
        if item.data == "size":
            return Size(self._amount(parse_size, str(child), child), self._at(child))
        if item.data == "duration":
            return self._duration(child)
        if item.data == "moment":
            return self._moment(child)
        if item.data == "list_name":
            return ListName(canonical(_join(child)), self._at(child))
        return Texts(tuple(self._string(text) for text in item.children), self._at(item))

    def _string(self, token: Token) -> Text:
        return Text(_unquote(token), True, self._at(token))

    def _duration(self, token: Token) -> Duration:
        text = re.sub(r"\bbusiness\s+", "", str(token))
        unit = re.sub(r"[\d.\s]+", "", text).removesuffix("s")
        return Duration(self._amount(parse_duration, text, token), text != str(token), self._at(token), unit)

    def _amount(self, parse: Callable[[str], _T], text: str, token: Token) -> _T:
        try:
            return parse(text)
        except ValueError as error:
            raise BuildError(Problem(self._at(token), str(error), "write less")) from None

    def _moment(self, token: Token) -> Moment:
        try:
            if token.type == "CLOCK":
                hour, _, minute = token.partition(":")
                return Moment(time(int(hour), int(minute)), self._at(token))
            return Moment(date.fromisoformat(str(token)), self._at(token))
        except ValueError:
            problem = Problem(self._at(token), f"there is no {token}", "write a time such as 08:30 or a day such as 2026-12-24")
            raise BuildError(problem) from None

    def _pattern(self, token: Token) -> Pattern:
        body, _, flags = str(token)[1:].rpartition("/")
        return Pattern(body.replace("\\/", "/"), flags, self._at(token))

    # --- actions ---

    def _action(self, node: Node) -> Action:
        at = self._at(node)
        kind = str(node.data)
        children = node.children
        if kind == "stop":
            return Stop(at)
        if kind == "set":
            return SetField(spelt(canonical(_join(children[0]))), cast(Any, self._value(children[1])), None, at)
        if kind == "set_sub":
            value, sub = (cast(Text, self._value(child)) for child in children[1:])
            return SetField(spelt(canonical(_join(children[0]))), value, sub, at)
        if kind == "clear":
            return SetField(spelt(canonical(_join(children[0]))), None, None, at)
        if kind == "assign_organization":
            return Assign(None, at)
        if kind in ("add_tag", "remove_tag", "assign"):
            text = cast(Text, self._value(children[0]))
            if kind == "assign":
                return Assign(text, at)
            return AddTag(text, at) if kind == "add_tag" else RemoveTag(text, at)
        if kind == "notify":
            *recipients, template = children
            found = tuple(self._recipient(cast(Node, child), at) for child in recipients)
            return Notify(found, cast(Text, self._value(template)), at)
        if kind == "create_ticket":
            title, *more = (cast(Node, child) for child in children)
            fields = tuple(
                (canonical(_join(field.children[0])), cast(Text, self._value(field.children[1])))
                for clause in more
                for field in _trees(clause)
            )
            return CreateTicket(cast(Text, self._value(title)).text, fields, at)
        if kind.startswith("attribute_"):
            if kind == "attribute_forwarded":
                return Attribute("forwarded sender", None, None, at)
            to, whose = cast(Any, kind.removeprefix("attribute_")), cast(Node, children[0])
            if whose.data in ("field", "header"):
                return Attribute(to, None, self._operand(whose), at)
            return Attribute(to, cast(Text, self._value(whose)), None, at)
        return self._ending(kind, node, at)

    def _ending(self, kind: str, node: Node, at: Position) -> Action:
        """`discard`, `refuse`, `quarantine` and `add note`: a text, and what may follow it."""
        parts = {str(child.data): child for child in _trees(node)}
        text = _unquote(cast(Token, parts["text"].children[0])) if "text" in parts else ""
        even_replies = "even_replies" in parts
        if kind == "add_note":
            return AddNote(text, "internal" if "as_internal" in parts else "all", at)
        if kind == "discard":
            return Discard(text, even_replies, at)
        if kind == "quarantine":
            return Quarantine(text, at)
        template = cast(Text, self._value(parts["using"].children[0])) if "using" in parts else None
        return Refuse(text, template, even_replies, self._at(node))

    def _recipient(self, node: Node, action: Position) -> Recipient:
        kind = str(node.data)
        if kind == "to_address":
            token = cast(Token, node.children[0])
            return Recipient("address", _unquote(token), self._at(token))
        if kind == "to_resource":
            text = cast(Text, self._value(node.children[0]))
            return Recipient("resource", text.text, text.position)
        return Recipient(_RECIPIENTS[kind], "", action)


def _trees(node: Node) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree)]


def _join(words: Any) -> str:
    return " ".join(str(token) for token in words.children)


def _unquote(token: Token) -> str:
    text = str(token)[1:-1]
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)
