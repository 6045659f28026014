"""Plans carried out: steps that begin and end, and the song that comes of them."""

from collections import defaultdict

import pytest

from workbench.daw import Studio
from workbench.errors import PlanError, PromptError
from workbench.models import CancelToken, load_runner
from workbench.planner import carry_out, compose_prompt, plan_prompt
from workbench.prompt import parse_prompt, refine
from workbench.score import EmotionVector

TEXT = """STORI PROMPT
Mode: compose
Style: funk
Key: Em
Tempo: 104
Role: [drums, bass, chords, tenor sax]
Constraints: {bars: 8}
Effects: {drums: {compression: slow, wobble: 3}}
MidiExpressiveness: {sustain_pedal: {changes_per_bar: 1}}
Automation: [{track: bass, param: pan, events: [{beat: 0, value: 0.2}, {beat: 16, value: 0.8}]}]
Request: Tight.
"""


@pytest.fixture(scope="module")
def grammar():
    return load_runner("grammar")


@pytest.fixture(scope="module")
def song(grammar):
    return compose_prompt(TEXT, grammar, seed=4)


def test_the_song_is_as_asked_for(song):
    score = song.score
    assert score.length_ticks == 8 * 1920
    assert round(score.tempos[0].bpm) == 104
    assert [it.key for it in score.key_signatures] == ["Em"]
    assert [(track.name, track.program, track.is_drums) for track in score.tracks] == [
        ("Drums", 0, True), ("Bass", 33, False), ("Chords", 4, False), ("Tenor Sax", 66, False),
    ]  # fmt: skip
    assert all(track.notes for track in score.tracks)


def test_every_step_ends_and_entries_are_accounted_for(song):
    assert {step.status for step in song.steps} == {"completed"}
    assert [it.path for it in song.planned.unread] == ["Effects.drums.wobble"]
    assert song.effects["Drums"] == ["compressor"]
    lanes = {lane.parameter for track in song.project.tracks for lane in track.automation}
    assert lanes == {"Pan"}


def test_the_same_seed_gives_the_same_song_another_a_different_one(song, grammar):
    again = compose_prompt(TEXT, grammar, seed=4)
    other = compose_prompt(TEXT, grammar, seed=5)
    assert again.score == song.score
    assert list(other.score.notes) != list(song.score.notes)


def test_parts_share_their_chords(song):
    """Every part was composed on the chords of the first one with any."""
    made = [it.answer for it in song.carried.results if it.tool == "stori_generate_midi"]
    assert [it["role"] for it in made] == ["drums", "bass", "chords", "melody"]
    roots = [it["chordRoots"] for it in made if it["role"] != "drums"]
    assert len(roots[0]) == 8
    assert roots == [roots[0]] * 3
    assert [chord.root for chord in song.project.harmony] == roots[0]


def test_steps_are_heard_as_they_begin_and_end(grammar):
    heard = defaultdict(list)
    planned = plan_prompt(parse_prompt(TEXT))
    carry_out(planned, Studio(runner=grammar), on_step=lambda s: heard[s.step_id].append(s.status))
    assert dict(heard) == {step.step_id: ["active", "completed"] for step in planned.steps}


def test_what_fails_is_one_step_and_the_others_go_on():
    carried = carry_out(plan_prompt(parse_prompt(TEXT)), Studio())
    failed = [step.label for step, _ in carried.failures]
    assert failed == [f"Add content to {name}" for name in ("Drums", "Bass", "Chords", "Tenor Sax")]
    assert "no runner" in carried.failures[0][1]
    assert {step.status for step in carried.steps} == {"completed", "failed"}


def test_a_stop_keeps_what_there_is_and_skips_the_rest(grammar):
    cancel, studio = CancelToken(), Studio(runner=grammar)

    def tell(step):
        if step.label == "Create Bass track" and step.status == "completed":
            cancel.cancel()

    carried = carry_out(plan_prompt(parse_prompt(TEXT)), studio, cancel=cancel, on_step=tell)
    by_label = {step.label: step.status for step in carried.steps}
    assert by_label["Add content to Drums"] == "completed"
    assert by_label["Add content to Tenor Sax"] == "skipped"
    assert [track.name for track in studio.project.tracks] == ["Drums", "Bass"]


def test_a_plan_is_one_step_to_undo(grammar):
    studio = Studio(runner=grammar)
    before = studio.project
    carry_out(plan_prompt(parse_prompt(TEXT)), studio)
    studio.undo()
    assert studio.project == before


def test_a_second_plan_goes_on_in_the_song_of_the_first(song, grammar):
    text = TEXT.replace("Mode: compose", "Mode: compose\nPosition: last")
    longer = compose_prompt(text, grammar, project=song.project, seed=9)
    assert longer.score.length_ticks == 16 * 1920
    assert len(longer.project.tracks) == len(song.project.tracks)


def test_emotion_is_heard(grammar):
    calm, wild = EmotionVector(energy=0.1, motion=0.1), EmotionVector(energy=1.0, motion=1.0)
    soft, loud = (compose_prompt(TEXT, grammar, emotion=it, seed=4).score for it in (calm, wild))

    def mean_velocity(score):
        velocities = [note.velocity for note in score.notes]
        return sum(velocities) / len(velocities)

    assert mean_velocity(loud) > mean_velocity(soft) + 5
    assert len(list(loud.notes)) > len(list(soft.notes))


def test_refining_moves_the_prompts_own_emotion(song, grammar):
    darker = compose_prompt(TEXT, grammar, emotion=refine(song.emotion, "darker"), seed=4)
    assert darker.emotion.valence == pytest.approx(song.emotion.valence - 0.25)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("make me a beat", "the first line must be STORI PROMPT"),
        ("STORI PROMPT\nMode: ask\nRequest: why", "Mode must be compose"),
        ("STORI PROMPT\nMode: compose\nStyle: funk\nRequest: x", "takes Tempo, Role, Constraints"),
    ],
)
def test_what_cannot_be_planned_says_what_it_takes(text, says, grammar):
    with pytest.raises(PlanError, match=says):
        compose_prompt(text, grammar)


def test_a_faulty_prompt_says_where(grammar):
    with pytest.raises(PromptError, match="did you mean Mode"):
        compose_prompt("STORI PROMPT\nMdoe: compose\nRequest: x", grammar)
