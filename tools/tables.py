"""Prints the tables of docs/notifications.md: run it when a variable changes, and put its output into the page."""

from __future__ import annotations

from engine.config.variables import NOTICES, PLAIN, VARIABLES, offered_to
from engine.dsl.vocabulary import EVENTS


def main() -> None:
    print("| variable | what it is |\n|---|---|")
    for group, names in VARIABLES.items():
        for name, about in names.items():
            print(f"| `{group}.{name}` | {about} |")
    for name, about in PLAIN.items():
        print(f"| `{name}` | {about} |")
    print("\n| event | offers |\n|---|---|")
    rows = {f"`notify: {name}` of a mailbox": offered for name, offered in NOTICES.items()}
    rows |= {f"`on {name}`": offered_to(name) for name in EVENTS}
    rows["`after ...`"] = offered_to("ticket created", waits=True)
    rows["`refuse using`"] = NOTICES["failed"]
    for event, offered in rows.items():
        print(f"| {event} | {', '.join(f'`{one}`' for one in sorted(offered))} |")


if __name__ == "__main__":
    main()
