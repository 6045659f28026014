"""The prompt editor without a browser: what it says of a text, what it composes, keeps and stops."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from workbench.errors import CancelledError, PlanError, PromptError, RequestError
from workbench.models import CancelToken, GenerationRequest, GenerationResult, load_runner
from workbench.models.runners.grammar import GrammarRunner
from workbench.planner import Composition, compose_prompt, plan_prompt
from workbench.prompt import (
    REFINEMENTS,
    emotion_vector,
    example_prompts,
    parse_prompt,
    refine,
)
from workbench.score import EmotionVector
from workbench.widgets import PromptEditor, emotion_chart, register_display
from workbench.widgets.charts import _share

TEXT = """STORI PROMPT
Mode: compose
Style: funk
Key: Em
Tempo: 104
Role: [drums, bass, rhodes]
Constraints: {bars: 2}
Vibe: [warm x2, driving]
Request: Tight.
"""


@pytest.fixture
def headless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_STATIC", "1")


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_STATIC", "0")


@pytest.fixture
def editor(headless: None) -> PromptEditor:
    return PromptEditor(load_runner("grammar"), TEXT, seed=4)


def said(html: str) -> str:
    """What a reader sees of a piece of HTML."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def statuses(editor: PromptEditor) -> list[str]:
    return re.findall(r'data-status="(\w+)"', plan(editor))


def plan(editor: PromptEditor) -> str:
    return next(part.value for part in editor.children if "wb-plan" in part._dom_classes)


def test_a_prompt_is_read_as_it_is_written(editor: PromptEditor) -> None:
    planned = plan_prompt(parse_prompt(TEXT))
    assert editor.prompt == parse_prompt(TEXT)
    assert editor.planned == planned
    assert said(editor.says.value) == "Every entry is understood."
    assert said(plan(editor)).startswith(planned.title)
    assert statuses(editor) == ["pending"] * len(planned.steps)
    assert not editor.compose_button.disabled
    html = editor._repr_mimebundle_()[0]["text/html"]
    for words in ("style funk", "key Em", "tempo 104", "roles drums, bass, rhodes",
                  "constraints {bars: 2}", "vibes warm ×2, driving", "request Tight."):  # fmt: skip
        assert words in said(html)


def test_a_mistake_is_said_with_its_place(editor: PromptEditor) -> None:
    editor.text = TEXT.replace("compose", "compse")
    assert isinstance(editor.problem, PromptError)
    assert (editor.problem.line, editor.problem.column) == (2, 7)
    assert said(editor.says.value) == (
        "line 2, column 7: Mode must be compose, edit or ask, got 'compse' (did you mean compose?) "
        "Mode: compse ^"
    )
    caret = re.search(r"<pre[^>]*>(.*)</pre>", editor.says.value, re.DOTALL)
    assert caret is not None
    assert caret[1] == "Mode: compse\n      ^"
    assert editor.prompt is editor.planned is None
    assert editor.compose_button.disabled
    assert plan(editor) == ""
    editor.text = TEXT
    assert editor.problem is None
    assert not editor.compose_button.disabled


def test_what_has_no_effect_is_a_remark(editor: PromptEditor) -> None:
    editor.text = TEXT + "Enrgy: high\nEffects: {bass: {wobble: 3}}\n"
    assert said(editor.says.value) == (
        "line 10, column 1: no field is called Enrgy (did you mean Energy?) "
        "Effects.bass.wobble: no effect is called 'wobble'"
    )
    assert editor.planned is not None
    assert not editor.compose_button.disabled


@pytest.mark.parametrize(
    ("text", "says", "fields"),
    [
        ("make me a beat", "the first line must be STORI PROMPT", False),
        ("", "the first line must be STORI PROMPT", False),
        (TEXT.replace("Tempo: 104\n", ""), "planning without a chat model takes Tempo too", True),
        (TEXT.replace("compose", "edit"), "Mode must be compose to be planned", True),
        (TEXT.replace("funk", "f" * 101), "Style must be at most 100 characters, got 101", True),
    ],
    ids=["words", "nothing", "no tempo", "edit", "a long style"],
)
def test_what_cannot_be_planned_is_a_sentence(
    editor: PromptEditor, text: str, says: str, fields: bool
) -> None:
    editor.text = text
    assert isinstance(editor.problem, PlanError)
    assert says in said(editor.says.value)
    assert (editor.prompt is not None) == fields
    assert editor.compose_button.disabled


@settings(max_examples=30)
@given(st.text(), st.sampled_from(sorted(example_prompts())), st.integers(0, 600))
def test_no_text_breaks_it_and_none_becomes_html(typed: str, slug: str, at: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_STATIC", "1")
        text = example_prompts()[slug]
        editor = PromptEditor(load_runner("grammar"))
        for written in (typed, text[:at] + typed + text[at:], text[:at]):
            editor.text = written
            assert (editor.planned is None) == (editor.problem is not None)
        ours = {"div", "pre", "table", "tbody", "tr", "td", "b", "ul", "li", "span"}
        editor.text = text[:at] + "<img src=x onerror=alert(1)>" + text[at:]
        shown = "".join(part.value for part in (editor.says, editor._fields, editor._plan))
        assert set(re.findall(r"<(\w+)", shown)) <= ours


def test_markup_in_values_stays_text(editor: PromptEditor) -> None:
    editor.text = (
        TEXT.replace("Em", "<b>Em")
        .replace("Tight.", "<script>x</script>")
        .replace("rhodes", "<i>rhodes")
    )
    editor.compose()
    html = editor._repr_mimebundle_()[0]["text/html"]
    before, _, after = html.partition("<iframe")
    rest = before + after.partition("</iframe>")[2]
    assert "<script>x" not in rest
    assert "<i>rhodes" not in rest.lower()
    assert "&lt;script&gt;x" in rest


def test_an_example_is_one_choice_away(editor: PromptEditor) -> None:
    assert editor.examples.value == ""
    editor.examples.value = "bossa-nova"
    assert editor.text == example_prompts()["bossa-nova"]
    assert editor.examples.value == "bossa-nova"
    editor.text += " "
    assert editor.examples.value == ""
    editor.examples.value = "bossa-nova"
    assert editor.text == example_prompts()["bossa-nova"]


def test_it_composes_what_is_written(editor: PromptEditor) -> None:
    editor.compose_button.click()
    expected = compose_prompt(TEXT, load_runner("grammar"), seed=4)
    assert editor.wait().score == expected.score
    assert editor.composition is editor.wait()
    assert editor.grid is not None
    assert editor.grid.scores == (expected.score,)
    assert set(statuses(editor)) == {"completed"}
    steps, notes = len(editor.planned.steps), list(expected.score.notes)
    assert said(editor.status.value) == f"seed 4: {steps} of {steps} steps, {len(notes)} notes"
    row = editor.measures.loc["seed 4"]
    assert row["mean_velocity"] == pytest.approx(sum(n.velocity for n in notes) / len(notes))
    assert row["notes_per_bar"] == pytest.approx(len(notes) / 2)
    pitched = [n.pitch for t in expected.score.tracks if not t.is_drums for n in t.notes]
    assert row["mean_pitch"] == pytest.approx(sum(pitched) / len(pitched))


def test_wishes_make_versions_to_compare(editor: PromptEditor) -> None:
    assert editor.wish_buttons["darker"].disabled
    editor.compose()
    written = editor.wait()
    editor.wish_buttons["darker"].click()
    darker = editor.wait()
    assert darker.emotion == refine(written.emotion, "darker")
    assert editor.composition is darker
    editor.refine("busier")  # from the one that is selected
    assert editor.wait().emotion == refine(darker.emotion, "busier")
    editor.grid.selected = 0
    assert editor.composition is written
    editor.refine("busier")
    assert editor.wait().emotion == refine(written.emotion, "busier")
    labels = ["seed 4", "seed 4, darker", "seed 4, darker, busier", "seed 4, busier"]
    assert [version.label for version in editor.versions] == labels == list(editor.measures.index)
    assert [row["label"] for row in editor.grid.view["rows"]] == labels
    assert editor.grid.scores == tuple(version.song.score for version in editor.versions)
    first, second, *_, last = editor.measures.itertuples()
    assert second.mean_pitch < first.mean_pitch
    assert last.mean_velocity > first.mean_velocity
    assert last.notes_per_bar > first.notes_per_bar


def test_a_kept_version_stays_kept(editor: PromptEditor) -> None:
    editor.compose()
    editor.grid.kept = [0]
    editor.refine("darker")
    assert (editor.grid.kept, editor.grid.selected) == ([0], 1)


def test_another_seed_is_a_version_another_prompt_a_new_start(editor: PromptEditor) -> None:
    editor.compose()
    editor.seed.value = 9
    assert [version.label for version in editor.versions] == ["seed 4", "seed 9"]
    again = compose_prompt(TEXT, load_runner("grammar"), seed=9)
    assert editor.wait().score == again.score
    editor.compose()  # the same once more is the same row
    assert [version.label for version in editor.versions] == ["seed 4", "seed 9"]
    editor.text = TEXT.replace("funk", "rock")
    assert set(statuses(editor)) == {"pending"}  # the plan of what is written now
    editor.compose()
    assert [version.label for version in editor.versions] == ["seed 9"]
    assert editor.composition.prompt.style == "rock"


def test_it_goes_on_in_a_project(headless: None) -> None:
    song = compose_prompt(TEXT, load_runner("grammar"))
    text = TEXT.replace("Style", "Position: after drums\nStyle")
    editor = PromptEditor(load_runner("grammar"), text, project=song.project)
    assert "Create" not in plan(editor)
    editor.compose()
    starts = [[r.start_beats for r in track.regions] for track in editor.wait().project.tracks]
    assert starts == [[0, 8]] * 3
    editor.refine("darker")  # from the same project, not from its own song
    assert len(editor.wait().project.tracks[0].regions) == 2


def test_what_cannot_be_composed_is_said_and_raised(editor: PromptEditor) -> None:
    editor.text = TEXT.replace("compose", "compse")
    editor.compose()
    assert said(editor.status.value).startswith("line 2, column 7: Mode must be")
    with pytest.raises(PromptError):
        editor.wait()
    editor.text = TEXT
    editor.refine("darker")
    assert said(editor.status.value) == "compose a song first, to make it darker"
    with pytest.raises(RequestError):
        editor.wait()
    editor.compose()
    editor.refine("drker")
    assert "did you mean 'darker'?" in said(editor.status.value)
    with pytest.raises(RequestError, match="no refinement is called 'drker'"):
        PromptEditor(load_runner("grammar"), wishes=["drker"])


def test_nothing_asked_for_is_nothing_to_wait_for(editor: PromptEditor) -> None:
    with pytest.raises(RequestError, match="nothing is being composed"):
        editor.wait()
    assert editor.composition is None


class Broken(GrammarRunner):
    def generate(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> GenerationResult:
        raise ZeroDivisionError("a <bug>")


def test_a_bug_of_a_runner_is_told_too(headless: None) -> None:
    editor = PromptEditor(Broken(), TEXT)
    editor.compose()
    assert "ZeroDivisionError: a &lt;bug&gt;" in editor.status.value
    with pytest.raises(ZeroDivisionError):
        editor.wait()
    assert editor.stop_button.disabled


class Held(GrammarRunner):
    """The grammar, each of whose loops must be let go, or is stopped."""

    def __init__(self) -> None:
        self.begun, self.may = threading.Semaphore(0), threading.Semaphore(0)

    def generate(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> GenerationResult:
        assert cancel is not None
        self.begun.release()
        while not self.may.acquire(timeout=0.01) and not cancel.cancelled:
            pass
        return super().generate(request, cancel=cancel)


@pytest.fixture
def held(alive: None) -> Iterator[tuple[PromptEditor, Held]]:
    runner = Held()
    editor = PromptEditor(runner, TEXT)
    yield editor, runner
    editor.stop()


def test_stop_keeps_the_parts_there_are(held: tuple[PromptEditor, Held]) -> None:
    editor, runner = held
    editor.compose()
    assert runner.begun.acquire(timeout=60)
    assert not editor.stop_button.disabled
    assert "composing" in editor.status.value
    assert "active" in statuses(editor)
    runner.may.release()
    assert runner.begun.acquire(timeout=60)  # the drums are done, the bass is on its way
    assert statuses(editor).count("completed") >= 3
    editor.stop_button.click()
    song = editor.wait()
    assert [track.name for track in song.score.tracks if track.notes] == ["Drums"]
    assert "skipped" in statuses(editor)
    assert "stopped early" in editor.status.value
    assert editor.stop_button.disabled


def test_stopped_before_a_note_there_is_nothing(held: tuple[PromptEditor, Held]) -> None:
    editor, runner = held
    editor.compose()
    assert runner.begun.acquire(timeout=60)
    editor.stop()
    with pytest.raises(CancelledError, match="stopped before there was anything to keep"):
        editor.wait()
    assert editor.grid is None


def test_a_newer_wish_takes_the_place_of_what_runs(held: tuple[PromptEditor, Held]) -> None:
    editor, runner = held
    editor.compose()
    (older,) = [thread for thread in threading.enumerate() if thread.name == "prompt"]
    assert runner.begun.acquire(timeout=60)
    runner.may.release()
    assert runner.begun.acquire(timeout=60)  # its drums are done
    editor.seed.value = 5
    older.join(timeout=60)
    assert not older.is_alive()  # it was stopped, nobody let it go on
    assert editor.grid is None  # and what it had is not shown
    assert not editor.stop_button.disabled
    for _ in range(9):
        runner.may.release()
    assert editor.wait().score == compose_prompt(TEXT, load_runner("grammar"), seed=5).score
    assert [version.label for version in editor.versions] == ["seed 5"]


def test_headless_it_shows_what_it_knows(editor: PromptEditor) -> None:
    bundle, _ = editor._repr_mimebundle_()
    assert "Every entry is understood." in bundle["text/html"]
    assert "wb-step" in bundle["text/html"]
    editor.compose()
    bundle, _ = editor._repr_mimebundle_()
    assert "wb-frame" in bundle["text/html"]
    assert "wb-step" in bundle["text/html"]
    assert bundle["image/png"]


# ---------------------------------------------------------------------- songs and feelings


@pytest.fixture(scope="module")
def song() -> Composition:
    return compose_prompt(TEXT, load_runner("grammar"), seed=4)


@pytest.mark.parametrize(("static", "mime"), [("1", "text/html"), ("0", "widget-view")])
def test_a_song_shows_itself(
    song: Composition, monkeypatch: pytest.MonkeyPatch, static: str, mime: str
) -> None:
    monkeypatch.setenv("WORKBENCH_STATIC", static)
    shell = InteractiveShell.instance()
    try:
        register_display()
        shown, _ = shell.display_formatter.format(song)
    finally:
        InteractiveShell.clear_instance()
    assert "image/png" in shown
    assert any(mime in kind for kind in shown)
    assert ("widget-view" in " ".join(shown)) == (static == "0")
    if static == "1":
        player, _, steps = shown["text/html"].rpartition("</iframe>")
        assert "wb-frame" in player
        assert steps.count('data-status="completed"') == len(song.steps)
    lines = shown["text/plain"].splitlines()
    assert lines[0] == "Setting Up 3-Track Funk"
    assert lines[1].split(maxsplit=1) == ["completed", "Set tempo to 104 BPM"]
    assert len(lines) == 1 + len(song.steps)


def test_feelings_are_drawn_over_one_another() -> None:
    written = emotion_vector(parse_prompt(TEXT))
    one = emotion_chart({"as written": written})
    two = emotion_chart({"as written": written, "darker": refine(written, "darker")})
    assert one.data.startswith(b"\x89PNG")
    assert one.data != two.data
    for count in (0, 6):
        with pytest.raises(RequestError, match=f"1 to 5 vectors can be told apart, got {count}"):
            emotion_chart({str(at): written for at in range(count)})


def test_every_axis_reaches_from_the_middle_to_the_rim() -> None:
    low = EmotionVector(energy=0, valence=-1, tension=0, intimacy=0, motion=0)
    high = EmotionVector(energy=1, valence=1, tension=1, intimacy=1, motion=1)
    for axis in ("energy", "valence", "tension", "intimacy", "motion"):
        assert (_share(low, axis), _share(high, axis)) == (0, 1)


def test_every_refinement_can_have_a_button(headless: None) -> None:
    editor = PromptEditor(load_runner("grammar"), TEXT, wishes=[*REFINEMENTS])
    assert list(editor.wish_buttons) == list(REFINEMENTS)
