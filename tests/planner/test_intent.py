from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workbench.errors import PromptError, RunnerError
from workbench.planner import (
    Intent,
    Message,
    classify,
    evaluate_intents,
    execution_mode,
    labelled_utterances,
)
from workbench.planner.intent import INTENTS
from workbench.planner.intent_lexicon import FILLERS
from workbench.planner.intent_report import Utterance
from workbench.planner.intent_spelling import ENGLISH, repaired, spelt, tokens_of

VECTORS = json.loads((Path(__file__).parent / "vectors" / "intent.json").read_text())
# Where the vectors' outcome is that of a listed defect: filler words eaten out of other words ("compresr",
# "ng"), and a pan rule that knows no "the … to".
OVERRULED = {
    "pan the guitar to left": "track.set_pan",
    "add a compressor": "fx.add_insert",
    "make me a song": "compose.generate_music",
}
MIXING = tuple(
    f"stori_{name}"
    for name in (
        "add_aftertouch",
        "add_automation",
        "add_insert_effect",
        "add_midi_cc",
        "add_pitch_bend",
        "add_send",
        "ensure_bus",
        "set_track_pan",
        "set_track_volume",
    )
)
WISHES = (
    "mute the bass", "set tempo to 120", "quantize the drums", "pan the guitar left", "zoom in",
    "make a lofi beat", "show the mixer", "solo the vocals", "make the pads wider", "stop",
    "add reverb to the vocals", "transpose to D minor", "rename the lead to Hook", "hide the inspector",
)  # fmt: skip

SPELT = (
    "compressor", "quantize", "distortion", "automation", "inspector", "sequencer", "aftertouch",
    "compression", "vocals", "snare", "region", "rename",
)  # fmt: skip


def intent(text: str) -> str:
    return classify(text).intent


@pytest.mark.parametrize("case", VECTORS["sentences"], ids=lambda case: case["text"])
def test_sentences_mean_what_they_meant_to_stori(case: dict[str, object]) -> None:
    found = classify(str(case["text"]))
    if case["text"] in OVERRULED:
        assert found.intent == OVERRULED[str(case["text"])]
        return
    assert found.intent == case["intent"]
    assert found.state == case["sse_state"]
    assert found.confidence == case["confidence"]
    assert found.tool_choice == case["tool_choice"]
    assert found.stop_after_first == case["force_stop_after"]
    assert found.requires_planner == case["requires_planner"]
    assert list(found.reasons) == case["reasons"]
    assert list(found.tools) == case["allowed_tools"]
    assert dict(found.slots) == case["slots"]


@pytest.mark.parametrize("case", VECTORS["prompts"], ids=lambda case: case["id"])
def test_structured_prompts_are_routed_by_their_mode(case: dict[str, object]) -> None:
    expected = case["intent"]
    assert isinstance(expected, dict)
    found = classify(str(case["prompt"]))
    assert found.intent == expected["intent"]
    assert found.state == expected["sse_state"]
    assert found.confidence == expected["confidence"]
    assert found.tool_choice == expected["tool_choice"]
    assert found.requires_planner == expected["requires_planner"]
    assert list(found.reasons) == expected["reasons"]
    assert list(found.tools) == expected["allowed_tools"]
    assert found.slots["target_type"] == expected["target_type"]
    assert found.slots["target_name"] == expected["target_name"]
    assert found.prompt is not None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Vibe: [wider x1, tighter x3]", "mix.dynamics"),
        ("Vibe: [wider x2, tighter x2]", "mix.space"),  # the first of equals
        ("Vibe: [dusty x9, less muddy x1]", "mix.dynamics"),
        ("Vibe: [dusty]\nConstraints: {reverb: long}", "fx.add_insert"),
        ("Constraints: {bars: 8}", "mix.energy"),
    ],
)
def test_an_edit_goes_by_vibe_then_by_effect(body: str, expected: str) -> None:
    assert intent(f"STORI PROMPT\nMode: edit\nRequest: compose something\n{body}\n") == expected


def test_a_broken_prompt_is_reported_and_never_read_as_plain_words() -> None:
    with pytest.raises(PromptError):
        classify("STORI PROMPT\nMode: sing\nRequest: make a beat\n")


def test_unambiguous_utterances_are_right() -> None:
    report = evaluate_intents(labelled_utterances())
    assert report.overall.accuracy >= 0.97, str(report)
    assert set(report.by_half) == {"open", "blind", "later"}


def test_the_labelled_set_is_what_it_is_said_to_be() -> None:
    rows = labelled_utterances()
    assert len(rows) >= 300
    assert {row.intent for row in rows} == set(INTENTS)
    assert {row.form for row in rows} == {"plain", "polite", "terse", "misspelt", "mixed"}
    assert sum(not row.ambiguous for row in rows) >= 0.8 * len(rows)
    assert sum(row.half != "open" for row in rows) >= 0.5 * len(rows)  # by who knew no rule


def test_every_intent_is_reached() -> None:
    assert {intent(row.text) for row in labelled_utterances()} == set(INTENTS)


def test_a_report_counts_what_is_right_and_says_what_is_not() -> None:
    def said(text: str, label: str, half: str = "open", ambiguous: bool = False) -> Utterance:
        return Utterance(text=text, intent=label, form="plain", ambiguous=ambiguous, half=half)

    wrong = said("stop", "transport.play", "blind")
    report = evaluate_intents(
        [
            said("play", "transport.play"),
            wrong,
            said("zoom in", "ui.set_zoom", "blind"),
            said("stop", "ui.set_zoom", ambiguous=True),
        ]
    )
    assert (report.overall.right, report.overall.total) == (2, 3)
    assert report.by_half["blind"].accuracy == 0.5
    assert report.by_intent["transport.play"].accuracy == 0.5
    assert report.misses == ((wrong, "transport.stop"),)
    assert report.confusion == {("transport.play", "transport.stop"): 1}
    assert (report.ambiguous.right, report.ambiguous.total) == (0, 1)
    assert "'stop': transport.stop" in str(report)


@pytest.mark.parametrize(
    ("name", "state", "tools", "choice", "stops"),
    [
        ("transport.play", "editing", ("stori_play",), "required", True),
        ("notes.add", "editing", ("stori_add_midi_region", "stori_add_notes"), "auto", False),
        ("route.add_send", "editing", ("stori_add_send", "stori_ensure_bus"), "auto", False),
        ("mix.space", "editing", MIXING, "required", False),
        ("compose.generate_music", "composing", (), "auto", True),
        ("ask.general", "reasoning", (), "none", True),
        ("control.unknown", "reasoning", (), "auto", True),
    ],
)
def test_answers(name: str, state: str, tools: tuple[str, ...], choice: str, stops: bool) -> None:
    answer = INTENTS[name]
    assert (answer.state, answer.tools, answer.tool_choice, answer.stop_after_first) == (
        state,
        tools,
        choice,
        stops,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # words that hold a filler: "so", "um", "hi", "ty", "like"
        ("solo bass", "track.solo"),
        ("drum volume up 2 db", "track.set_volume"),
        ("hide the mixer", "ui.show_panel"),
        ("punchier", "mix.dynamics"),
        # wishes that sound like questions, and questions that sound like wishes
        ("could you mute the bass?", "track.mute"),
        ("could you tell me how to mute a track?", "ask.stori_docs"),
        ("why don't we try 90 bpm?", "project.set_tempo"),
        ("can the drums be punchier?", "mix.dynamics"),
        ("should I use a compressor on drums?", "ask.general"),
        ("do it", "control.needs_clarification"),
        # one word in two senses
        ("slap a chorus on the guitar", "fx.add_insert"),
        ("write a chorus with strings", "compose.generate_music"),
        ("solo the guitar", "track.solo"),
        ("write a guitar solo", "compose.generate_music"),
        ("create a drum track", "track.add"),
        ("create a techno track", "compose.generate_music"),
        ("make the beat 90 bpm", "project.set_tempo"),
        ("make a beat at 90 bpm", "compose.generate_music"),
        ("pan the flute left", "track.set_pan"),
        ("set the tempo to one hundred and twenty", "project.set_tempo"),
        # the command counts, not the talk around it
        ("the pad is boring, mute it", "track.mute"),
        ("I want to make a beat. What tempo is usual for house?", "ask.general"),
        ("the weather is nice today", "control.unknown"),
    ],
)
def test_what_is_meant(text: str, expected: str) -> None:
    assert intent(text) == expected


@given(
    st.sampled_from(WISHES),
    st.lists(st.sampled_from(["please", "hey", "umm", "could you", "ok", "just", "actually"]), max_size=3),
    st.sampled_from(["", " please", ", thanks", " for me", " if you can"]),
    st.sampled_from([str.lower, str.upper, str.capitalize]),
)  # fmt: skip
def test_chatter_changes_nothing(wish: str, before: list[str], after: str, case: object) -> None:
    assert callable(case)
    assert intent(case(" ".join([*before, wish]) + after)) == intent(wish) != "control.unknown"


@given(st.sampled_from(FILLERS.split(", ")), st.sampled_from(FILLERS.split(", ")))
def test_chatter_alone_wants_nothing(first: str, second: str) -> None:
    assert INTENTS[intent(f"{first}, {second}")].state == "reasoning"


@given(
    st.sampled_from(SPELT),
    st.data(),
)  # fmt: skip
def test_two_swapped_letters_are_put_right(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 2))
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    assert repaired(swapped) == word


@pytest.mark.parametrize("word", sorted(ENGLISH))
def test_what_is_english_is_not_repaired(word: str) -> None:
    assert repaired(word) == word


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("ninety", "90"),
        ("one twenty", "120"),
        ("one hundred twenty eight", "128"),
        ("a hundred", "100"),
        ("seventy four", "74"),
        ("nine", "9"),
    ],
)
def test_numbers_in_words(said: str, number: str) -> None:
    assert number in spelt(tokens_of(said))


@pytest.mark.parametrize(("text", "bpm"), [("tempo 92.5", 92.0), ("bpm one forty", 140.0)])
def test_a_tempo_is_given_whole(text: str, bpm: float) -> None:
    assert classify(text).slots["amount"] == bpm


@pytest.mark.parametrize(
    ("text", "visible"), [("open the mixer", True), ("close the mixer", False)]
)
def test_a_panel_is_shown_or_hidden(text: str, visible: bool) -> None:
    assert classify(text).slots["extras"] == {"visible": visible}


def test_openers_without_end_are_read_in_bounded_steps() -> None:
    # a pattern that tries every way to cut the words up would not come back
    assert intent("i im i was been " * 2000) == "control.unknown"


@given(st.text(max_size=200))
def test_any_text_gets_an_intent(text: str) -> None:
    assume("prompt" not in text.lower())
    found = classify(text)
    assert found.intent in INTENTS
    assert 0 <= found.confidence <= 1
    assert found.reasons


@given(st.text(max_size=50))
def test_only_the_beginning_of_a_long_text_is_looked_at(rest: str) -> None:
    text = "mute the bass. ".ljust(1000, "x")
    assert intent(text + rest) == intent(text + "y" * 31_000) == "track.mute"


@pytest.mark.parametrize("reply", ["yes", "Yes, please!", "sure go ahead", "sounds good"])
def test_yes_to_an_offer_composes(reply: str) -> None:
    offered = [Message("user", "hm"), Message("assistant", "Would you like a bass line with it")]
    found = classify(reply, history=offered)
    assert (found.intent, found.confidence) == ("compose.generate_music", 0.85)
    assert found.reasons == ("affirmative_reply",)
    assert intent(reply) != "compose.generate_music"
    assert classify(reply, history=[Message("assistant", "Done.")]).intent != found.intent
    answered = [*offered, Message("assistant", "Done.")]
    assert classify(reply, history=answered).intent != found.intent


def test_more_than_yes_is_read_as_it_is() -> None:
    offered = [Message("assistant", "Should I write a bass line?")]
    assert classify("yes, but mute the drums", history=offered).intent == "track.mute"


@pytest.mark.parametrize(
    ("category", "name", "confidence"),
    [
        ("transport", "transport.play", 0.75),
        (" Track_Edit\n", "track.add", 0.75),
        ("region_edit", "region.add", 0.75),
        ("effects", "fx.add_insert", 0.75),
        ("mix_vibe", "mix.energy", 0.75),
        ("generation", "compose.generate_music", 0.75),
        ("question", "ask.general", 0.75),
        ("clarify", "control.needs_clarification", 0.75),
        ("other", "control.unknown", 0.40),
        ("I think it is a song", "control.unknown", 0.40),
    ],
)
def test_a_chat_model_is_asked_about_the_unknown(
    category: str, name: str, confidence: float
) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return category

    found = classify("xyzzy plugh", ask=ask)
    assert (found.intent, found.confidence) == (name, confidence)
    assert len(asked) == 1
    assert "xyzzy plugh" in asked[0]


def test_a_chat_model_is_not_asked_about_what_is_known() -> None:
    def ask(question: str) -> str:
        raise AssertionError(question)

    assert classify("mute the bass", ask=ask).intent == "track.mute"
    assert classify("make it better", ask=ask).intent == "control.needs_clarification"


def test_a_failing_chat_model_leaves_it_unknown_and_is_named() -> None:
    def ask(question: str) -> str:
        raise RunnerError("no model is loaded")

    found = classify("xyzzy plugh", ask=ask)
    assert (found.intent, found.confidence) == ("control.unknown", 0.30)
    assert "no model is loaded" in found.reasons[0]


@dataclass(frozen=True)
class Named:
    name: str


@dataclass(frozen=True)
class Song:
    tracks: tuple[Named, ...]


def prompt(body: str) -> Intent:
    return classify(f"STORI PROMPT\nMode: compose\nRequest: a groove\n{body}\n")


SONG = Song((Named("Drums"), Named("Bass")))


@pytest.mark.parametrize(
    ("wanted", "song", "mode", "state", "teams"),
    [
        (classify("what is a tritone?"), SONG, "chat", "reasoning", False),
        (classify("mute the bass"), SONG, "apply", "editing", False),
        (classify("make a lofi beat"), Song(()), "apply", "editing", False),
        (classify("make a lofi beat"), SONG, "variation", "composing", False),
        (prompt("Role: [drums, bass]"), SONG, "apply", "composing", True),
        (prompt("Role: [drums, bass]"), Song(()), "apply", "composing", True),
        (prompt("Role: [drums]"), SONG, "variation", "composing", False),
        (prompt("Role: [melody]"), SONG, "apply", "editing", False),
        (prompt("Role: [drums]\nPosition: last"), SONG, "apply", "editing", False),
        (prompt("Role: [drums]\nPosition: after verse"), SONG, "apply", "editing", False),
        (prompt("Role: [drums]\nPosition: bar 5"), SONG, "variation", "composing", False),
    ],
)
def test_how_an_intent_is_carried_out(
    wanted: Intent, song: Song, mode: str, state: str, teams: bool
) -> None:
    execution = execution_mode(wanted, song)
    assert (execution.mode, execution.state, execution.agent_teams) == (mode, state, teams)
    if wanted.state == "composing" and mode == "apply":
        assert {"stori_add_midi_track", "stori_add_notes", "stori_set_key"} < set(execution.tools)
        assert (execution.tool_choice, execution.stop_after_first) == ("auto", False)
    else:
        assert execution.tools == wanted.tools
