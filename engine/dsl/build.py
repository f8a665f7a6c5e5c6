"""Lark's parse tree to the frozen syntax tree of `tree`."""

from __future__ import annotations

from typing import Any, cast

from lark import Token, Tree

from engine.dsl.build_values import BuildError, Node, ValueBuilder, canonical, join_words, unquote
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
    Event,
    NamedList,
    Not,
    Notify,
    Operand,
    Operator,
    Or,
    Quarantine,
    Recipient,
    Refuse,
    Related,
    RemoveTag,
    Rule,
    SetField,
    Stop,
    Test,
)
from engine.dsl.values import Text
from engine.dsl.vocabulary import spelt
from engine.errors import Position, Problem

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
_RECIPIENTS: dict[str, Related] = {
    "to_sender": "sender",
    "to_contact": "contact",
    "to_additional": "additional contacts",
    "to_assigned": "assigned resource",
    "to_organization": "organization resource",
}


class Builder(ValueBuilder):
    """One file's trees."""

    def items(self, tree: Node) -> list[Rule | NamedList]:
        return [self._rule(child) if child.data == "rule" else self._list(child) for child in _trees(tree)]

    # --- rules and lists ---

    def _list(self, node: Node) -> NamedList:
        name, *texts = cast(list[Token], node.children)
        return NamedList(str(name).lower(), tuple(self.string(text) for text in texts), self.at(name))

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
        return Rule(unquote(name), priority, event, condition, tuple(actions), self.at(name))

    def _event(self, node: Node) -> Event:
        words = _trees(node)[-1]
        after = None
        if node.data == "after":
            after = self.duration(cast(Token, node.children[0]))
        return Event(join_words(words).replace("_", " "), after, self.at(words))

    # --- conditions ---

    def _condition(self, node: Node) -> Condition:
        at, words = self.at(node), self.words(node)
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
            return Test(operand, cast(Operator, str(sign)), self.value(quantity), at, words)
        if predicate.data in ("p_changed", "p_changed_to"):
            return self._changed(operand, self.words(first), predicate, at, words)
        operator, negated = _PREDICATES[str(predicate.data)]
        value = self.value(predicate.children[0]) if predicate.children else None
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
        return And((test, Test(operand, "is", self.value(value), at, f"{name} is {self.words(value)}")), at, words)

    def _operand(self, node: Node) -> Operand:
        child = node.children[0]
        if node.data == "header":
            return Operand("header", unquote(cast(Token, child)).lower(), self.at(cast(Token, child)))
        kind = "any" if node.data == "any" else "field"
        return Operand(cast(Any, kind), spelt(canonical(join_words(cast(Node, child)))), self.at(cast(Node, child)))

    # --- actions ---

    def _action(self, node: Node) -> Action:
        at = self.at(node)
        kind = str(node.data)
        children = node.children
        if kind == "stop":
            return Stop(at)
        if kind == "set":
            return SetField(spelt(canonical(join_words(children[0]))), cast(Any, self.value(children[1])), None, at)
        if kind == "set_sub":
            value, sub = (cast(Text, self.value(child)) for child in children[1:])
            return SetField(spelt(canonical(join_words(children[0]))), value, sub, at)
        if kind == "clear":
            return SetField(spelt(canonical(join_words(children[0]))), None, None, at)
        if kind == "assign_organization":
            return Assign(None, at)
        if kind in ("add_tag", "remove_tag", "assign"):
            text = cast(Text, self.value(children[0]))
            if kind == "assign":
                return Assign(text, at)
            return AddTag(text, at) if kind == "add_tag" else RemoveTag(text, at)
        if kind == "notify":
            *recipients, template = children
            found = tuple(self._recipient(cast(Node, child), at) for child in recipients)
            return Notify(found, cast(Text, self.value(template)), at)
        if kind == "create_ticket":
            title, *more = (cast(Node, child) for child in children)
            fields = tuple(
                (canonical(join_words(field.children[0])), cast(Text, self.value(field.children[1])))
                for clause in more
                for field in _trees(clause)
            )
            return CreateTicket(cast(Text, self.value(title)).text, fields, at)
        if kind.startswith("attribute_"):
            if kind == "attribute_forwarded":
                return Attribute("forwarded sender", None, None, at)
            to, whose = cast(Any, kind.removeprefix("attribute_")), cast(Node, children[0])
            if whose.data in ("field", "header"):
                return Attribute(to, None, self._operand(whose), at)
            return Attribute(to, cast(Text, self.value(whose)), None, at)
        return self._ending(kind, node, at)

    def _ending(self, kind: str, node: Node, at: Position) -> Action:
        """`discard`, `refuse`, `quarantine` and `add note`: a text, and what may follow it."""
        parts = {str(child.data): child for child in _trees(node)}
        text = unquote(cast(Token, parts["text"].children[0])) if "text" in parts else ""
        even_replies = "even_replies" in parts
        if kind == "add_note":
            return AddNote(text, "internal" if "as_internal" in parts else "all", at)
        if kind == "discard":
            return Discard(text, even_replies, at)
        if kind == "quarantine":
            return Quarantine(text, at)
        template = cast(Text, self.value(parts["using"].children[0])) if "using" in parts else None
        return Refuse(text, template, even_replies, self.at(node))

    def _recipient(self, node: Node, action: Position) -> Recipient:
        kind = str(node.data)
        if kind == "to_address":
            token = cast(Token, node.children[0])
            return Recipient("address", unquote(token), self.at(token))
        if kind == "to_resource":
            text = cast(Text, self.value(node.children[0]))
            return Recipient("resource", text.text, text.position)
        return Recipient(_RECIPIENTS[kind], "", action)


def _trees(node: Node) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree)]
