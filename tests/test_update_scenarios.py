"""Projects with a user's edits go to the next release, and nothing of the user's is lost without a word."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import choices
from tests.edits import Edit, together
from tests.judge import LEFT, Judge, tree
from tests.next_releases import ONE_MORE_RELEASE
from tests.releases import rebuilt
from tests.scenarios import SCENARIOS, WELL_MERGED, Scenario
from tests.updates import CURRENT, RELEASES, Ended, Start, Updates, save

STARTS = [Start(*one) for one in product([*RELEASES, CURRENT], choices("database"), ["copier", "cookiecutter"])]
ALL_FROM = Start()
SIX_FROM = {
    *[replace(ALL_FROM, release=release) for release in [*RELEASES, CURRENT]],
    *[replace(ALL_FROM, database=database) for database in choices("database")],
    replace(ALL_FROM, door="cookiecutter"),
}
SIX = {
    "nothing done",
    "inserted into the README",
    "the same line changed",
    "a file moved that the template changed",
    "a line added to a file that the template deleted",
    "a migration on both sides",
}


def is_for_every_change(start: Start, scenario: Scenario) -> bool:
    if start == replace(ALL_FROM, release=CURRENT) and scenario.command:
        return True
    return start == ALL_FROM or (start in SIX_FROM and scenario.name in SIX)


def marks(start: Start, scenario: Scenario) -> list[pytest.MarkDecorator]:
    return [
        *([] if is_for_every_change(start, scenario) else [pytest.mark.nightly]),
        *([pytest.mark.skipif(os.name == "nt", reason="needs links or modes")] if scenario.posix else []),
    ]


every_edit = pytest.mark.parametrize(
    ("start", "scenario"),
    [
        pytest.param(start, scenario, marks=marks(start, scenario), id=f"{start}: {scenario}")
        for start, scenario in product(STARTS, SCENARIOS)
    ],
)


@pytest.fixture(scope="class")
def updates(python: str, tmp_path_factory: pytest.TempPathFactory) -> Updates:
    folder = tmp_path_factory.mktemp("updates")
    return Updates(folder, rebuilt(folder / "copier-sdd"), python)


Ending = Callable[[Start, Scenario], Ended]


@pytest.fixture(scope="class")
def ending(
    request: pytest.FixtureRequest, updates: Updates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ending]:
    """How an update ended. All that the chosen tests will ask for is begun at the first question, some at a time."""
    asked = {}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.cls is request.cls:
            start, scenario = item.callspec.params["start"], item.callspec.params["scenario"]
            assert isinstance(start, Start)
            assert isinstance(scenario, Scenario)
            asked[start, scenario] = tmp_path_factory.mktemp("edited")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = {one: pool.submit(updates.edited_and_updated, *one, folder) for one, folder in asked.items()}
        yield lambda start, scenario: begun[start, scenario].result()
        pool.shutdown(cancel_futures=True)


class TestUpdate:
    @every_edit
    def test_nothing_is_lost_without_a_word(
        self, start: Start, scenario: Scenario, ending: Ending, record_property: Callable[[str, object], None]
    ) -> None:
        ended = ending(start, scenario)

        record_property("update", [str(start), str(scenario), ended.judge.outcome, len(ended.faults)])
        assert ended.faults == [], ended.said

    @every_edit
    def test_it_ends_as_it_should(self, start: Start, scenario: Scenario, ending: Ending) -> None:
        ended = ending(start, scenario)

        left = ended.judge.report.paths(LEFT)
        assert ended.code == (1 if left else 0), ended.said
        if start.release in (RELEASES[0], CURRENT):  # an older one may meet changes that are not the next release's
            assert (ended.judge.outcome, sorted(left)) == (scenario.outcome, sorted(scenario.left)), ended.said
            assert claims(scenario, ended.judge) == [], ended.said


def claims(scenario: Scenario, judge: Judge) -> list[str]:
    """A sentence for each of the scenario's claims that does not hold."""
    wrong = []
    for path, texts in scenario.has.items():
        content = judge.after[path].content if path in judge.after else b""
        wanted = [text.encode() if isinstance(text, str) else text for text in texts]
        wrong += [f"{path} has not got {text!r}." for text in wanted if text not in content]
    wrong += [
        f"{path} is there." for path in scenario.gone if any(f"{one}/".startswith(f"{path}/") for one in judge.after)
    ]
    told = judge.report.paths(*judge.report.under)
    return wrong + [f"{path} is not named." for path in scenario.named if path not in told]


class TestSeveralReleases:
    @pytest.mark.parametrize("edit", [together(), WELL_MERGED], ids=["nothing done", "edited"])
    def test_all_at_once_is_the_same_as_one_by_one(self, edit: Edit, updates: Updates, tmp_path: Path) -> None:
        oldest = Start(RELEASES[-1])
        made, _ = updates.made(oldest)
        if updates.source.versions[-1] == updates.next:
            updates.source.add(lambda clone: ONE_MORE_RELEASE(clone / "template"))
        later = updates.source.versions[updates.source.versions.index(oldest.release) + 1 :]
        for name in ("at once", "one by one"):
            shutil.copytree(made, tmp_path / name, symlinks=True)
            edit(tmp_path / name)
            save(tmp_path / name)

        codes = [updates.update(tmp_path / "at once").returncode]
        for version in later:
            codes.append(updates.update(tmp_path / "one by one", "--to", f"v{version}").returncode)
            save(tmp_path / "one by one")

        report = "reports/update.md"
        at_once, one_by_one = ({**tree(tmp_path / name)} for name in ("at once", "one by one"))
        assert len(later) > 2
        assert codes == [0] * (1 + len(later))
        assert at_once.pop(report) != one_by_one.pop(report)
        assert at_once == one_by_one
