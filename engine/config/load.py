"""A configuration folder to a checked `Config`: read, schema, build, rules, references; every problem at once."""

from __future__ import annotations

from pathlib import Path

from engine.config.directory import read_directory
from engine.config.document import Document, merge, read_document
from engine.config.excerpts import Excerpts
from engine.config.files import Folder, read_folder
from engine.config.model import Config, Template
from engine.config.references import check_references, names_of
from engine.config.schema import validate
from engine.config.sections import build_duplicates, build_mailbox, build_picklists, build_tags
from engine.config.settings import build_settings
from engine.config.templates import by_language, check_variables, read_template
from engine.config.unread import unread
from engine.dsl.check import check_rules
from engine.dsl.parse import parse_rules
from engine.dsl.tree import NamedList, Rule, RuleBook
from engine.errors import ConfigError, Position, Problem, coded, did_you_mean
from engine.garbage import no_garbage_collection

NEEDED = ("settings", "picklists")
OPTIONAL = ("duplicates", "tags")
# Where things are defined that other files name.
_DEFINES = (
    ("mailboxes/", "mailbox"),
    ("mailboxes/", "field"),
    ("tags.yaml", "tag"),
    ("templates/", "template"),
    ("workflow/", "list"),
    ("directory/organizations.csv", "organization"),
    ("directory/contacts.csv", "contact"),
    ("directory/resources.csv", "resource"),
    ("directory/projects.csv", "project"),
)


def load_config(root: Path) -> Config:
    """Raises `ConfigError` with every problem of every file, in the order of file, line and column."""
    return load_folder(read_folder(root))


def load_folder(folder: Folder) -> Config:
    """The same for a folder that is read already."""
    with no_garbage_collection():
        return _load(folder)


def _load(folder: Folder) -> Config:
    problems = coded("PR001", [*folder.problems, *unread(folder)])
    documents = _documents(folder, problems)
    mailboxes = _mailbox_documents(folder, problems)
    directory, wrong = read_directory(folder)
    problems += coded("PR005", wrong)
    templates = _templates(folder, problems)
    book = _rules(folder, problems)
    if any(name not in documents for name in NEEDED):
        raise ConfigError(*_in_order(folder, problems))

    unsure = {kind for file, kind in _DEFINES for problem in problems if problem.position.file.startswith(file)}
    settings = build_settings(documents["settings"])
    picklists = build_picklists(documents["picklists"])
    config = Config(
        root=folder.root,
        settings=settings,
        picklists=picklists,
        mailboxes={name: build_mailbox(name, document) for name, document in mailboxes.items()},
        duplicates=build_duplicates(documents["duplicates"]),
        tags=build_tags(documents["tags"]),
        directory=directory,
        rules=book,
        templates=templates,
        digest=folder.digest,
    )
    for document in (*documents.values(), *mailboxes.values()):
        problems += coded("PR002", document.problems)
    problems += coded("PR004", check_references(config, documents))
    problems += coded("PR009", check_rules(book, names_of(config)))
    problems += coded("PR008", check_variables(book, config.mailboxes.values(), templates))
    if problems:
        # What a file with a mistake may well define is not called unknown: that would hide the mistake.
        raise ConfigError(*_in_order(folder, [problem for problem in problems if problem.lacks not in unsure]))
    return config


def _in_order(folder: Folder, problems: list[Problem]) -> list[Problem]:
    """Sorted, once each, with the source line where the file is at hand."""
    excerpts = Excerpts(folder)
    return sorted({excerpts.shown(problem) for problem in coded("PR003", problems)})


def _documents(folder: Folder, problems: list[Problem]) -> dict[str, Document]:
    """The YAML files at the top, by name; only those that their schema accepts."""
    documents: dict[str, Document] = {}
    empty: dict[str, dict[str, list[object]]] = {"duplicates": {"duplicates": []}, "tags": {"tags": []}}
    for name in (*NEEDED, *OPTIONAL):
        source = folder.one(f"{name}.yaml")
        if source is None:
            if name in NEEDED and not any(problem.position.file == f"{name}.yaml" for problem in problems):
                problems.append(Problem(Position(f"{name}.yaml"), "the file is missing", "write it: docs/configuration.md"))
            elif name in OPTIONAL:
                documents[name] = Document(f"{name}.yaml", empty[name])
            continue
        document = read_document(source)
        wrong = _wrong(document, name)
        problems += wrong
        if not wrong:
            documents[name] = document
        elif name in OPTIONAL:
            documents[name] = Document(f"{name}.yaml", empty[name])
    known = {f"{name}.yaml" for name in (*NEEDED, *OPTIONAL)}
    for name in folder.files:
        if "/" not in name and name.endswith(".yaml") and name not in known:
            problems.append(Problem(Position(name), "no file of this name is read", did_you_mean(name, sorted(known))))
    return documents


def _wrong(document: Document, schema: str) -> list[Problem]:
    """What is wrong with a file by itself: as YAML, else by its schema."""
    return coded("PR001", document.problems) or coded("PR002", validate(document, schema))


def _mailbox_documents(folder: Folder, problems: list[Problem]) -> dict[str, Document]:
    """Mailboxes by id, with what each extends merged in."""
    own: dict[str, Document] = {}
    broken = {_mailbox_of(problem.position.file) for problem in folder.problems if problem.position.file.startswith("mailboxes/")}
    for source in folder.under("mailboxes", ".yaml"):
        identity = _mailbox_of(source.name)
        document = read_document(source)
        wrong = _wrong(document, "mailbox")
        if identity in own:
            problems.append(Problem(Position(source.name), f"the mailbox '{identity}' stands twice", "rename one file"))
        elif wrong:
            problems += wrong
            broken.add(identity)
        else:
            own[identity] = document
    merged: dict[str, Document] = {}
    for identity in own:
        whole = _extended(identity, own, broken, merged, problems, ())
        if whole is not None:
            merged[identity] = whole
    return {identity: merged[identity] for identity in own if identity in merged}


def _mailbox_of(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".yaml")


def _extended(
    identity: str,
    own: dict[str, Document],
    broken: set[str],
    merged: dict[str, Document],
    problems: list[Problem],
    above: tuple[str, ...],
) -> Document | None:
    if identity in merged:
        return merged[identity]
    document = own[identity]
    base = document.data.get("extends")
    if base is None:
        return document
    where = document.where("extends")
    if base in (*above, identity):
        circle = " -> ".join([*above, identity, base])
        problems.append(Problem(where, f"`extends` runs in a circle: {circle}", "remove one of them"))
        return None
    if base not in own:
        if base not in broken:
            problems.append(Problem(where, f"unknown mailbox '{base}'", did_you_mean(base, own)))
        return None
    below = _extended(base, own, broken, merged, problems, (*above, identity))
    if below is None:
        return None
    # What names the mailbox itself is its own: an alias belongs to one mailbox only.
    inherited = Document(below.file, {key: value for key, value in below.data.items() if key not in ("aliases", "active")})
    inherited.values, inherited.keys = below.values, below.keys
    return merge(inherited, document)


def _templates(folder: Folder, problems: list[Problem]) -> dict[str, Template]:
    templates: dict[str, Template] = {}
    for source in folder.under("templates", ".md"):
        template, wrong = read_template(source)
        problems += coded("PR007", wrong)
        if template is not None:
            templates[template.name] = template
    found, wrong = by_language(templates)
    problems += coded("PR007", wrong)
    return found


def _rules(folder: Folder, problems: list[Problem]) -> RuleBook:
    rules: list[Rule] = []
    lists: dict[str, NamedList] = {}
    for source in folder.under("workflow", ".rules"):
        items, wrong = parse_rules(source.name, source.text)
        problems += coded("PR006", wrong)
        for item in items:
            if isinstance(item, Rule):
                rules.append(item)
            elif item.name in lists:
                first = lists[item.name].position
                problems.append(Problem(item.position, f"the list '{item.name}' stands twice", f"first at {first}"))
            else:
                lists[item.name] = item
    return RuleBook(tuple(sorted(rules, key=lambda rule: rule.order)), lists)
