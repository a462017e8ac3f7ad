"""Which step of each feature is next, and whose it is: read from the tree and its evidence, remembered nowhere.

Knows the order of the steps and when each is done. What a spec, a test or a report is, other modules say.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sdd import contract, documents, evidence, history, specs
from sdd.evidence import LAYERS, Test
from sdd.project import Finding, Project, Refused
from sdd.specs import OWNERS, Spec

CODE = ("database", "backend", "frontend")
ACROSS = ("contract", "integration", "e2e")
TYPES = "frontend/src/api/types.gen.ts"
NOTHING_OPEN = "Every feature is built and recorded. Begin the next one: uv run python -m sdd new spec NAME"


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

    Finished is a built feature with a valid record; whether it still keeps its promises, `verify` judges. Raises
    nothing for what a user wrote: a file that cannot be read is what is next.
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
    """What `check` has against specs, plans and tasks; asked once for all features."""
    return project.once("faults of specs", lambda: tuple(specs.findings(project)))


def _next(project: Project, spec: Spec) -> Step | None:
    feature = _Feature(project, spec)
    try:
        return next(feature.open(), None)
    except Refused as error:
        return feature.mend("contract", error.finding, "Then: make next")


class _Feature:
    """One feature on its way. Each method gives why its step is not done, and nothing when it is."""

    def __init__(self, project: Project, spec: Spec) -> None:
        self._project, self._spec = project, spec
        prefix = f"{spec.number}-"
        tests = evidence.tests(project)
        self._tests = [test for test in tests if any(name.startswith(prefix) for name in test.requirements)]
        self._idle = {row.step for row in spec.plan.rows if row.is_nothing} if spec.plan else set[str]()

    def step(self, name: str, path: str, line: int, why: str, do: str) -> Step:
        return Step(self._spec.folder, name, path, line, why, do)

    def mend(self, name: str, fault: Finding, then: str) -> Step:
        """The step that begins with what a rule found."""
        why = f"{fault.path}:{fault.line} {fault.message}"
        return self.step(name, fault.path, fault.line, why, f"{fault.next} {then}")

    def open(self) -> Iterator[Step]:
        """Every step that is not done, in order."""
        recorded = any(record.feature == self._spec.folder for record in history.records(self._project))
        if self._spec.status == "built" and recorded:
            return
        yield from self._written()
        if self._spec.status == "draft":
            line = self._spec.document.line_of_key("status")
            why = "Spec and plan are complete. Whether they are right, a person decides."
            do = f"Read both, then write `status: accepted` in {self._spec.path}."
            yield self.step("accept", self._spec.path, line, why, do)
        if "contract" not in self._idle:
            yield from self._promised()
        for layer in CODE:
            if layer not in self._idle:
                yield from self._made(layer)
        yield from self._integrated()
        if not recorded:
            do = f"Write it: uv run python -m sdd record --stage green --feature {self._spec.folder}"
            why = "It is built and proven, and no record tells of it."
            yield self.step("record", f"history/prompts/{self._spec.folder}", 1, why, do)

    # ------------------------------------------------------------ before code

    def _written(self) -> Iterator[Step]:
        """Spec, plan and tasks as they must be to be accepted; what a built one lacks, the integration tells."""
        spec = self._spec
        mine = [fault for fault in _faults(self._project) if fault.path.startswith(f"specs/{spec.folder}")]
        faults = [*(fault for fault in mine if fault.rule != "tasks"), *specs.incomplete(spec)]
        faults = [] if spec.status == "built" else faults
        for fault in faults:
            if fault.path == spec.path and fault.rule != "plan":
                yield self.mend("spec", fault, "Then: make next")
        for fault in faults:
            yield self.mend("plan", fault, "Then: make next")
        path = spec.path.replace("spec.md", "tasks.md")
        if spec.tasks is None or not spec.tasks.items or "[FILL IN" in spec.tasks.document.source:
            why = f"{path} does not list the tasks yet."
            yield self.step("plan", path, 1, why, "Write `- [ ] T001 [backend] …` for each. Then: make next")

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
                yield self.step("contract", contract.PATH, 1, why, "Write it there. Then: make generate, make next")
            elif made is not None and f" {operation}:" not in made:
                why = f"`{operation}` is in the contract, and no code was made from it yet."
                yield self.step("contract", contract.PATH, known[operation].line, why, "Run: make generate, make next")

    # ------------------------------------------------------------ code

    def _of(self, *layers: str) -> list[Test]:
        return [test for test in self._tests if test.layer in layers]

    def _made(self, layer: str) -> Iterator[Step]:
        """A test of the layer names the feature, and passed on this contract and this layer."""
        then = f"Then: make test-{layer}, make next"
        if not self._of(layer):
            why = f"No test in {LAYERS[layer]} names a requirement of {self._spec.folder}."
            if later := self._of(*CODE[CODE.index(layer) + 1 :], *ACROSS):
                why += f" {layer} was skipped: {later[0].layer} names {later[0].requirements[0]} already."
            yield self.step(layer, LAYERS[layer], 1, why, f"Write the test, see it fail, write the code. {then}")
        for fault in self._unproven(layer, layer):
            yield self.step(layer, fault.path, fault.line, fault.message, f"{fault.next} {then}")

    def _integrated(self) -> Iterator[Step]:
        """Every requirement is named, the layers passed together, and the spec says built."""
        then = "Then: make test, make next"
        spec = self._spec
        named = {name for test in self._tests for name in test.requirements}
        for name, requirement in spec.requirements.items():
            if name not in named and name not in specs.waivers(self._project):
                do = f"Write the one that proves it. {then}"
                yield self.step("integration", spec.path, requirement.line, f"No test names {name}.", do)
        if "integration" not in self._idle:
            if not self._of(*ACROSS):
                why = f"No test in tests/ names a requirement of {spec.folder}."
                yield self.step("integration", "tests/", 1, why, f"Write what goes across the layers. {then}")
            for layer in ACROSS:
                for fault in self._unproven(layer, *CODE, "tests"):
                    yield self.step("integration", fault.path, fault.line, fault.message, f"{fault.next} {then}")
        if spec.status != "built":
            line = spec.document.line_of_key("status")
            why = "Every layer is tested, and the spec does not say so."
            yield self.step("integration", spec.path, line, why, f"Tick the tasks, write `status: built`. {then}")
        for fault in specs.unbuilt(self._project, spec):
            yield self.mend("integration", fault, then)

    def _unproven(self, layer: str, *parts: str) -> Iterator[Finding]:
        """Why the layer's tests of the feature prove nothing about the contract and these parts of the tree."""
        tests = self._of(layer)
        results = evidence.results(self._project, layer)
        if tests and not results.recorded:
            why = results.problem.message if results.problem else "has no fingerprint."
            yield Finding(tests[0].path, tests[0].line, "next", f"{evidence.report_of(layer)} {why}", "Run the tests.")
            return
        for part in ("contracts/api", *parts) if tests else ():
            if not results.fresh_for(part):
                why = f"{part} changed since {layer} was tested."
                yield Finding(tests[0].path, tests[0].line, "next", why, "See what no longer fits.")
                return
        for test in tests:
            outcome = results.outcome(test)
            if outcome != "passed":
                why = f"{test.path}:{test.line} {test.name}: {outcome}."
                yield Finding(test.path, test.line, "next", why, "Make it pass.")
