"""However much mail was processed before, a question to it goes through an index."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from engine.decide.setup import Setup
from engine.mail.parse import parse_message
from engine.plan.replay import replay_recorded
from engine.processing import Processor
from engine.sources.files import open_source
from engine.state.past import recorded
from engine.store.database import open_database
from engine.store.prune import _STEPS
from tests.store.conftest import listening

SAMPLE = Path(__file__).parents[2] / "sample"
# A table from end to end (a list in JSON is none), or by what nearly all of its rows have.
_MOST = re.compile(r"^SCAN(?!.* VIRTUAL TABLE )|by_outcome|number>\?")


def test_no_question_of_deciding_and_storing_reads_a_whole_table(tmp_path: Path, setup: Setup) -> None:
    with closing(open_database(tmp_path / "p.db")) as connection:
        processor = Processor(connection, setup)
        with listening(connection) as asked:
            processor.run(open_source(str(SAMPLE), 30_000_000), None)
        held = [row[0] for row in connection.execute("SELECT id FROM messages WHERE outcome = 'quarantined'")]
        with listening(connection) as asked_again:
            processor.retry(held)
            processor.state.seen_elsewhere("another", parse_message(b"Message-ID: <1@olivar.example>\r\n\r\n"))
        with listening(connection) as asked_of_the_past:
            messages, _ = recorded(connection, None, None)
            plan = replay_recorded(connection, messages, setup, setup, lambda: None)
        assert plan.messages > 50 and not plan.changed
        asked_again += asked_of_the_past[1:]  # the first lists them all
        # As they were asked, with their values.
        questions: dict[str, dict[str, int]] = {
            one: {} for one in (*asked, *asked_again) if one.startswith(("SELECT", "UPDATE", "DELETE"))
        }
        assert held and len(questions) > 20
        questions |= {change: {"key": 1, "last": 1} for _, _, change in _STEPS.values()}
        plans = {one: connection.execute(f"EXPLAIN QUERY PLAN {one}", values).fetchall() for one, values in questions.items()}
    whole = {one: [row[3] for row in plan if _MOST.search(row[3])] for one, plan in plans.items()}
    assert {one: steps for one, steps in whole.items() if steps} == {}
    # By that one: any other has what a loop brought too.
    counts = [plan for one, plan in plans.items() if one.startswith("SELECT COUNT(*) FROM messages")]
    assert counts and all("messages_same_day_sender_subject_key" in step[3] for plan in counts for step in plan)
