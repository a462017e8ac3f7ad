"""What every suite reports beside its outcomes: which requirements a test names, and which of those tests did not run.

Knows no layer. `sdd verify` reads both from the JUnit files.
"""

from collections.abc import Callable

import pytest

LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Requirements stand in the report as properties of their tests."""
    for item in items:
        item.user_properties += [
            ("requirement", name) for mark in item.iter_markers("requirement") for name in mark.args
        ]


def pytest_deselected(items: list[pytest.Item]) -> None:
    """What `-k`, `-m` or `--deselect` leaves out is in no report by itself."""
    for item in items:
        if item.get_closest_marker("requirement"):
            item.config.stash.setdefault(LEFT_OUT, []).append(item.nodeid)


@pytest.fixture(scope="session", autouse=True)
def _left_out(pytestconfig: pytest.Config, record_testsuite_property: Callable[[str, object], None]) -> None:
    for name in pytestconfig.stash.get(LEFT_OUT, []):
        record_testsuite_property("deselected", name)
