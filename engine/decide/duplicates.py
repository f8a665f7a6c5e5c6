"""Whether what would become a ticket is about one that exists: the first criterion that matches (`behaviour.md` 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from engine.config.model import Criterion, Handling
from engine.decide.target import numbered
from engine.decide.work import Work
from engine.entities import Ticket
from engine.prefixes import strip_prefixes
from engine.quantity import show_duration
from engine.state.view import COMPARED, Candidate
from engine.text import fold, text_key, title_key

_LONGEST_COMPARED = 8_000
_SHORT = 300


class Duplicate(Struct, frozen=True):
    """The criterion that matched, the ticket it found, and what is to be done."""

    criterion: Criterion
    ticket: Ticket
    handling: Handling
    because: str

    @property
    def where(self) -> str:
        return str(self.criterion.position)


def find_duplicate(work: Work, title: str, description: str) -> Duplicate | None:
    """For the ticket that the message would become."""
    sender, config = work.attributed, work.setup.config
    if sender.organization is None or not config.duplicates:
        return None
    fields = {
        "contact": sender.id or "" if sender.kind == "contact" else "",
        "title": title_key(title),
        "description": text_key(description),
        "sender": sender.address,
        **{name: fold(value).strip() for name, value in work.extracted.items()},
    }
    mine = {"title": title, "description": description}
    for criterion in config.duplicates:
        if criterion.mailboxes is not None and work.mailbox.id not in criterion.mailboxes:
            continue
        if any(not fields.get(name) for name in criterion.same):
            continue  # a criterion whose fields are empty matches nothing
        same = {COMPARED.get(name, name): fields[name] for name in criterion.same}
        if sender.via == "unattributed":
            same["sender"] = sender.address  # strangers share an organization, but have nothing to do with each other
        for candidate, ratio in _alike(criterion, mine, _candidates(work, criterion, same, sender.organization)):
            ticket = work.state.target(candidate[0])
            if isinstance(ticket, Ticket):
                complete = config.is_complete(ticket.status)
                because = _because(criterion, ticket, ratio, complete)
                handling = criterion.when_complete if complete else criterion.when_open
                return Duplicate(criterion, ticket, handling, because)
    return None


def _candidates(work: Work, criterion: Criterion, same: dict[str, str], organization: str) -> list[Candidate]:
    """Tickets with the same fields. A token's ticket number is one of ours, or the one that another system gave before."""
    until = work.envelope.received_at
    since = until - criterion.within if criterion.within else None
    described = "description" in criterion.similar
    found = work.state.tickets_of(organization, since, until, work.message, same, described=described)
    if "ticket_number" in same:
        ticket = numbered(same["ticket_number"], work.setup, work.state)
        if isinstance(ticket, Ticket) and ticket.organization == organization and (since is None or ticket.created_at >= since):
            found = [(ticket.number, ticket.title, ticket.description), *found]
    return found


def _alike(criterion: Criterion, mine: Mapping[str, str], candidates: list[Candidate]) -> Iterator[tuple[Candidate, float]]:
    """Those whose `similar` fields are like enough, with the lowest likeness of them: 1 without any."""
    if not criterion.similar:
        return ((candidate, 1.0) for candidate in candidates)
    lowest = dict.fromkeys(range(len(candidates)), 1.0)
    for name, least in criterion.similar.items():
        column = _COLUMNS[name]
        lowest = {
            index: min(lowest[index], likeness)
            for index, likeness in _like(mine[name], {index: candidates[index][column] for index in lowest}, least)
        }
    return ((candidates[index], likeness) for index, likeness in lowest.items())


_COLUMNS = {"title": 1, "description": 2}


def _like(text: str, others: dict[int, str], least: float) -> Iterator[tuple[int, float]]:
    """One pass in C over all of them; it leaves off each as soon as the ratio cannot be reached any more."""
    from rapidfuzz import fuzz, process  # where titles are compared at all

    text = _words(text)
    if not text:
        return
    words = _few_words if max(map(len, others.values()), default=0) < _SHORT else _words
    ready = dict(zip(others, map(words, others.values()), strict=True))
    for other, percent, index in process.extract_iter(text, ready, scorer=fuzz.ratio, score_cutoff=least * 100):
        if other:
            yield index, percent / 100


def _words(text: str) -> str:
    """Its words in the order of their letters, so that their order in the text does not matter (`token_sort_ratio`)."""
    return _few_words(text) if len(text) < _SHORT else _sorted(text[:_LONGEST_COMPARED])


def _sorted(text: str) -> str:
    return " ".join(sorted(fold(strip_prefixes(text)).split()))


# The same titles are compared with every message of two hours.
_few_words = lru_cache(maxsize=4096)(_sorted)


def _because(criterion: Criterion, ticket: Ticket, ratio: float, complete: bool) -> str:
    how = [f"the same {', '.join(criterion.same)}"] if criterion.same else []
    if criterion.similar:
        how.append(f"{', '.join(criterion.similar)} {ratio:.2f} alike")
    within = f" within {show_duration(criterion.within)}" if criterion.within else ""
    state = "complete" if complete else "open"
    return f"'{criterion.name}': {' and '.join(how)} as {ticket.number}{within}, which is {state}"
