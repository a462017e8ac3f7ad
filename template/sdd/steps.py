"""Which step of each feature is next, and whose it is: read from the tree and its evidence, remembered nowhere.

Knows the order of the steps and when each is done. What a spec, a test or a report is, other modules say.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sdd import contract, documents, evidence, history, marks, specs
from sdd.marks import LAYERS, Test
from sdd.project import Finding, Project, Refused
from sdd.sample import BEGIN
from sdd.specs import OWNERS, Spec

CODE = ("database", "backend", "frontend")
ACROSS = ("contract", "integration", "e2e")
COMMANDS = {"contract": "make generate", "integration": "make test"} | {name: f"make test-{name}" for name in CODE}
DONE = ("green", "refactor")  # the stages of a record that say the work is done
TYPES = "frontend/src/api/types.gen.ts"
NOTHING_OPEN = f"Every feature is built and recorded.\n{BEGIN}"


@dataclass(frozen=True)
class Step:
    """What is next for a feature: `why` it is not done, in one sentence, and what to `do`, down to the command."""

    feature: str
    name: str
    path: str
    line: int
    why: str
    do: str

    @property
    def owner(self) -> str:
        """The agent whose step it is, or a person."""
        return "a person" if self.name == "accept" else OWNERS.get(self.name, "workflow-orchestrator")

    @property
    def title(self) -> str:
        """Feature, step, owner."""
        return f"{self.feature}: {self.name} ({self.owner})"

    @property
    def finding(self) -> Finding:
        """The step in the shape of `--json`."""
        return Finding(self.path, self.line, "next", f"{self.title}. {self.why}", self.do)


def steps(project: Project) -> list[Step]:
    """The next step of every feature that is not finished, the lowest number first.

    Finished is a built feature with a record that it is done, against whose folder `check` has nothing; whether it
    still keeps its promises, `verify` judges. Raises nothing for what a user wrote: a file that cannot be read is next.
    """
    read = {spec.path: spec for spec in specs.specs(project)}
    written = [path for path in project.under("specs/", "/spec.md") if not path.startswith("specs/templates/")]
    found = (_next(project, read[path]) if path in read else _unread(project, path) for path in written)
    return [step for step in found if step]


def findings(project: Project) -> list[Finding]:
    """The same in the shape of `--json`: rule `next`, the first is the next."""
    return [step.finding for step in steps(project)]


def told(project: Project) -> str:
    """The same for a person: the first feature's step in three lines, where the others stand in one."""
    found = steps(project)
    if not found:
        return NOTHING_OPEN
    lines = [found[0].title, f"  {found[0].why}", f"  {found[0].do}"]
    if others := ", ".join(f"{step.feature} ({step.name})" for step in found[1:]):
        lines.append(f"Open as well: {others}")
    return "\n".join(lines)


def _unread(project: Project, path: str) -> Step:
    """For a file that is no spec: what the rules say about it."""
    feature = path.split("/")[1]
    try:
        documents.read(project, path)
        named = (found for found in _faults(project) if found.path in (path, f"specs/{feature}"))
        fault = next(named, Finding(path, 1, "next", "is no spec.", "Name its folder like `003-labels`."))
    except Refused as error:
        fault = error.finding
    return Step(feature, "spec", fault.path, fault.line, f"{fault.path}:{fault.line} {fault.message}", fault.next)


def _faults(project: Project) -> tuple[Finding, ...]:
    """What `check` has against specs, plans, tasks and tests; asked once for all features."""
    rules = (specs, contract, marks)
    return project.once("faults", lambda: tuple(fault for rule in rules for fault in rule.findings(project)))


def _next(project: Project, spec: Spec) -> Step | None:
    feature = _Feature(project, spec)
    try:
        return next(feature.open(), None)
    except Refused as error:
        return feature.mend("contract", error.finding)


class _Feature:
    """One feature on its way. Each method gives why its step is not done, and nothing when it is."""

    def __init__(self, project: Project, spec: Spec) -> None:
        self._project, self._spec = project, spec
        self._tests = [test for test in marks.tests(project) if spec.promises.keys() & set(test.requirements)]
        self._named = {name for test in self._tests for name in test.requirements} | specs.waivers(project).keys()
        self._tasks = spec.tasks.items if spec.tasks else ()
        self._tasks_path = f"specs/{spec.folder}/tasks.md"
        self._idle = {row.step for row in spec.plan.rows if row.is_nothing} if spec.plan else set[str]()

    def step(self, name: str, path: str, line: int, why: str, do: str) -> Step:
        """`do` is followed by the commands that say whether it is done."""
        then = ", ".join([COMMANDS[name], "make next"] if name in COMMANDS else ["make next"])
        return Step(self._spec.folder, name, path, line, why, f"{do} Then: {then}")

    def mend(self, name: str, fault: Finding, otherwise: str = "") -> Step:
        """The step that begins with what a rule found."""
        why = f"{fault.path}:{fault.line} {fault.message}"
        return self.step(name, fault.path, fault.line, why, fault.next + otherwise)

    def open(self) -> Iterator[Step]:
        """Every step that is not done, in order."""
        folder, records = self._spec.folder, history.records(self._project)
        recorded = any(record.feature == folder and record.stage in DONE for record in records)
        yield from self._kept() if self._spec.status == "built" else self._written()
        if self._spec.status == "built" and recorded:
            return
        if self._spec.status == "draft":
            line = self._spec.document.line_of_key("status")
            why = "Spec and plan are complete. Whether they are right, a person decides."
            do = f"Read both, then write `status: accepted` in {self._spec.path}."
            yield self.step("accept", self._spec.path, line, why, do)
        if "contract" not in self._idle:
            yield from self._promised()
        for layer in CODE:
            yield from self._made(layer)
        yield from self._integrated()
        if not recorded:
            do = f"Write it: `uv run python -m sdd record --stage green --feature {folder}`."
            why = f"It is built and proven, and no record of stage {' or '.join(DONE)} tells of it."
            yield self.step("record", f"history/prompts/{folder}", 1, why, do)

    # ------------------------------------------------------------ before code

    def _faults(self) -> list[Finding]:
        folder = f"specs/{self._spec.folder}/"
        return [fault for fault in _faults(self._project) if f"{fault.path}/".startswith(folder)]

    def _kept(self) -> Iterator[Step]:
        """What `check` has against a built spec: it says so too early, or it got a new requirement."""
        for fault in self._faults():
            otherwise = " Has it none yet? Write `status: draft`, plan it, and let a person accept it."
            part = fault.path.rpartition("/")[2]
            name = {"plan.md": "plan", "tasks.md": "integration"}.get(part, "spec")
            yield self.mend(name, fault, otherwise if fault.rule == "untested" else "")

    def _written(self) -> Iterator[Step]:
        """Spec, plan and tasks as they must be to be accepted."""
        spec, path = self._spec, self._tasks_path
        faults = [*(fault for fault in self._faults() if fault.rule != "tasks"), *specs.incomplete(spec)]
        for fault in faults:
            if fault.path == spec.path and fault.rule != "plan":
                yield self.mend("spec", fault)
        for fault in faults:
            yield self.mend("plan", fault)
        if spec.tasks is None or not spec.tasks.items or "[FILL IN" in spec.tasks.document.source:
            why = f"{path} does not list the tasks yet."
            yield self.step("plan", path, 1, why, "Write `- [ ] T001 [backend] …` for each.")
        planned = {name for task in self._tasks for name in task.requirements}
        for name in spec.requirements:
            if name not in planned | self._named:
                do = f"Plan it, and write `- [ ] T001 [backend] … ({name})` for each layer that it needs."
                yield self.step("plan", path, 1, f"{path} has no task for {name}, and no test names it.", do)

    def _promised(self) -> Iterator[Step]:
        """Every operation that spec and plan name stands in the contract, and the code's types are made from it."""
        named = {name for promise in self._spec.promises.values() for name in promise.operations}
        named |= set(self._spec.plan.operations) if self._spec.plan else set()
        documents.data(self._project, contract.PATH)  # a contract that cannot be read is what is wrong, not its lack
        known = contract.operations(self._project)
        made = self._project.text(TYPES) if self._project.has(TYPES) else None
        for operation in sorted(named):
            if operation not in known:
                why = f"{contract.PATH} lacks `{operation}`, which spec or plan names."
                yield self.step("contract", contract.PATH, 1, why, "Write it there.")
            elif made is not None and f" {operation}:" not in made:
                why = f"`{operation}` is in the contract, and no code was made from it yet."
                yield self.step("contract", contract.PATH, known[operation].line, why, "Make it.")

    # ------------------------------------------------------------ code

    def _of(self, *layers: str) -> list[Test]:
        return [test for test in self._tests if test.layer in layers]

    def _made(self, layer: str) -> Iterator[Step]:
        """A test of the layer names the feature, no open task waits for one, and all passed on this tree."""
        yield from self._misread(layer, layer)
        if layer not in self._idle:
            yield from self._tested(layer)
        yield from self._unproven(layer, layer, layer)

    def _tested(self, layer: str) -> Iterator[Step]:
        if not self._of(layer):
            why = f"No test in {LAYERS[layer]} names a requirement of {self._spec.folder}."
            if later := self._of(*CODE[CODE.index(layer) + 1 :], *ACROSS):
                name = next(name for name in later[0].requirements if name in self._spec.promises)
                why += f" {layer} was skipped: {later[0].layer} names {name} already."
            yield self.step(layer, LAYERS[layer], 1, why, "Write the test, see it fail, write the code.")
        yield from self._owed(layer, layer)

    def _integrated(self) -> Iterator[Step]:
        """Every requirement is named, the layers passed together, and the spec says built."""
        spec = self._spec
        yield from self._misread("integration", *ACROSS)
        for name, requirement in spec.requirements.items():
            if name not in self._named:
                why, do = f"No test names {name}.", "Write the one that proves it."
                yield self.step("integration", spec.path, requirement.line, why, do)
        if "integration" not in self._idle and not self._of(*ACROSS):
            why = f"No test in tests/ names a requirement of {spec.folder}."
            yield self.step("integration", "tests/", 1, why, "Write what goes across the layers.")
        yield from self._owed("integration", *ACROSS)
        for layer in ACROSS:
            yield from self._unproven("integration", layer, *CODE, "tests")
        if spec.status != "built":
            line = spec.document.line_of_key("status")
            why = "Every layer is tested, and the spec does not say so."
            yield self.step("integration", spec.path, line, why, "Tick the tasks, write `status: built`.")

    def _misread(self, step: str, *layers: str) -> Iterator[Step]:
        """A test file that is no code, or a mark in one that names nothing there is."""
        for fault in _faults(self._project):
            if marks.layer_of(fault.path) in layers:
                yield self.mend(step, fault)

    def _owed(self, step: str, *layers: str) -> Iterator[Step]:
        """The step's open tasks with a requirement that no test there names, whatever older tests prove."""
        named = {name for test in self._of(*layers) for name in test.requirements} | specs.waivers(self._project).keys()
        for task in self._tasks:
            missing = [name for name in task.requirements if name in self._spec.requirements and name not in named]
            if task.step == step and not task.ticked and missing:
                where = LAYERS[step] if step in CODE else "tests/"
                why = f"{task.id} is open, and no test in {where} names {missing[0]}."
                do = f"Write it, see it fail, write the code. Is it proven elsewhere? Take it out of {task.id}."
                yield self.step(step, self._tasks_path, task.line, why, do)

    def _unproven(self, step: str, layer: str, *parts: str) -> Iterator[Step]:
        """Why the layer's report proves nothing of this contract and these parts of the tree, or what failed in it.

        A feature without tests there asks for no report; what failed counts, whichever feature it is of.
        """
        tests, results = self._of(layer), evidence.results(self._project, layer)
        if old := [part for part in ("contracts/api", *parts) if not results.fresh_for(part)]:
            why, do = f"{old[0]} changed since {layer} was tested.", "See what no longer fits."
            if not results.recorded:
                problem = results.problem.message if results.problem else "has no fingerprint."
                why, do = f"{evidence.report_of(layer)} {problem}", "Run the tests."
            if tests:
                yield self.step(step, tests[0].path, tests[0].line, why, do)
            return
        mine = {case: test for test in tests for case in results.of(test)}
        for case in results.cases:
            if case.outcome in ("error", "failed"):
                path, line = (mine[case].path, mine[case].line) if case in mine else (LAYERS[layer], 1)
                where = f"{path}:{line}" if case in mine else case.suite
                yield self.step(step, path, line, f"{where} {case.name}: {case.outcome}.".lstrip(), "Make it pass.")
        for test in tests:
            outcome = results.outcome(test)
            if outcome != "passed":
                why = f"{test.path}:{test.line} {test.name}: {outcome}."
                yield self.step(step, test.path, test.line, why, "Make it pass.")
