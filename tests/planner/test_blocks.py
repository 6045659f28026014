"""Effects, MidiExpressiveness and Automation: every entry becomes a call or is reported."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.daw import Studio
from workbench.planner import plan_prompt
from workbench.planner.blocks import Part, blocks_of
from workbench.planner.planning import runnable
from workbench.prompt import Prompt

PARTS = (
    Part("drums", "Drums", True, 0.0, 8),
    Part("bass", "Bass", False, 0.0, 8),
    Part("pads", "Warm Pads", False, 0.0, 8),
)


def read(**extensions):
    asked = Prompt(mode="compose", request="x", extensions=extensions)
    return blocks_of(asked, PARTS, 4.0)


def effects(wishes):
    found = read(effects=wishes)
    return [(step.track, step.type or f"→ {step.bus}") for step in found.effects], [
        it.path for it in found.unread
    ]


@pytest.mark.parametrize(
    ("wishes", "expected", "unread"),
    [
        ({"drums": {"compression": "slow"}}, [("Drums", "compressor")], []),
        ({"drums": {"room": "small"}}, [("Drums", "→ Reverb")], []),
        ({"bass": {"saturation": "tube"}}, [("Bass", "overdrive")], []),
        ({"bass": {"fuzz": True}}, [("Bass", "distortion")], []),
        ({"pad": {"chorus": 1, "reverb": "hall"}}, [("Warm Pads", "chorus"), ("Warm Pads", "→ Reverb")], []),
        ({"Warm Pads": "delay, flanger"}, [("Warm Pads", "delay"), ("Warm Pads", "flanger")], []),
        ({"drums": ["eq", {"tape": "hot"}]}, [("Drums", "eq"), ("Drums", "overdrive")], []),
        ({"drums": {"compression": False}}, [], []),
        ({"drums": {"wobble": 3}}, [], ["Effects.drums.wobble"]),
        ({"kazoo": {"eq": 1}}, [], ["Effects.kazoo"]),
        ("lots", [], ["Effects"]),
    ],
    ids=str,
)  # fmt: skip
def test_effects(wishes, expected, unread):
    assert effects(wishes) == (expected, unread)


def controls(wishes):
    found = read(midiexpressiveness=wishes)
    return found.controls, [it.path for it in found.unread]


def test_a_curve_goes_from_its_first_bar_to_the_end_of_its_last():
    ((wish,), unread) = controls(
        {"cc_curves": [{"cc": 74, "from": 20, "to": 100, "position": "bars 2-3"}]}
    )
    assert not unread
    assert (wish.track, wish.cc) == ("Bass", 74)
    assert wish.events[0] == (4.0, 20)
    assert wish.events[-1] == (12.0, 100)
    values = [value for _, value in wish.events]
    assert values == sorted(values)
    assert max(b - a for a, b in pairwise(values)) <= 8  # heard as a sweep


def test_a_constant_is_one_event():
    ((wish,), _) = controls({"cc_curves": [{"cc": 1, "value": 64, "track": "pads"}]})
    assert (wish.track, wish.events) == ("Warm Pads", ((0.0, 64),))


def test_the_pedal_goes_down_and_up_in_each_bar():
    ((wish,), _) = controls({"sustain_pedal": {"changes_per_bar": 2}})
    assert wish.cc == 64
    assert len(wish.events) == 2 * 2 * 8
    assert [value for _, value in wish.events] == [127, 0] * 16
    beats = [beat for beat, _ in wish.events]
    assert beats == sorted(beats)
    assert beats[-1] < 32


@pytest.mark.parametrize(
    ("wishes", "cc", "top"),
    [
        ({"expression": {"range": "60-115"}}, 11, 115),
        ({"expression": {"range": [40, 90]}}, 11, 90),
        ({"modulation": {"depth": 70}}, 1, 70),
        ({"filter": {"cutoff": {"sweep": "20 to 110"}}}, 74, 110),
    ],
    ids=str,
)
def test_swells_reach_their_top_in_the_middle(wishes, cc, top):
    ((wish,), unread) = controls(wishes)
    assert not unread
    assert wish.cc == cc
    assert max(wish.events, key=lambda event: event[1]) == (16.0, top)


@pytest.mark.parametrize(
    ("style", "lowest", "highest"),
    [("subtle slides", -1024, 0), ("half-step bends", -4096, 0), ("dive", -8192, 0)],
)
def test_bends_stay_within_their_size(style, lowest, highest):
    (wish,) = read(midiexpressiveness={"pitch_bend": {"style": style}}).bends
    values = [value for _, value in wish.events]
    assert (min(values), max(values)) == (lowest, highest)
    assert values[-1] == 0


def test_automation_is_written_by_canonical_names():
    found = read(
        automation=[
            {"track": "bass", "param": "filter_cutoff",
             "events": [{"bar": 2, "value": 0.8}, {"beat": 0, "value": 0.2, "curve": "smooth"}]},
            {"track": "drums", "param": "Volume", "events": [{"beat": 4, "value": 1}]},
        ]
    )  # fmt: skip
    first, second = found.automation
    assert (first.track, first.parameter) == ("Bass", "Synth Cutoff")
    assert first.points == ((0.0, 0.2, "smooth"), (4.0, 0.8, None))
    assert second.parameter == "Volume"
    assert not found.unread


@pytest.mark.parametrize(
    ("extensions", "path"),
    [
        ({"midiexpressiveness": {"vibrato": 3}}, "MidiExpressiveness.vibrato"),
        ({"midiexpressiveness": {"cc_curves": [{"cc": 200, "value": 1}]}}, "MidiExpressiveness.cc_curves[0]"),
        (
            {"midiexpressiveness": {"cc_curves": [{"cc": 1, "value": 1, "position": "bars 7-9"}]}},
            "MidiExpressiveness.cc_curves[0].position",
        ),
        ({"midiexpressiveness": {"sustain_pedal": {"changes_per_bar": 0}}}, "MidiExpressiveness.sustain_pedal"),
        (
            {"automation": [{"track": "bass", "param": "warp", "events": [{"beat": 0, "value": 1}]}]},
            "Automation[0].param",
        ),
        (
            {"automation": [{"track": "bass", "param": "pan", "events": [{"beat": "x", "value": 1}]}]},
            "Automation[0].events[0]",
        ),
        (
            {"automation": [{"track": "bass", "param": "volume", "events": [{"beat": 0, "value": -6}]}]},
            "Automation[0].events[0].value",
        ),
        ({"automation": "yes"}, "Automation"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_understood_is_reported_with_its_path(extensions, path):
    assert path in [it.path for it in read(**extensions).unread]


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-300, 300) | st.floats(allow_nan=False, width=16)
    | st.sampled_from(["reverb", "eq", "bars 1-2", "20-90", "slide", "bass", "volume", "x"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["drums", "bass", "pads", "cc", "from", "to", "value", "track", "param",
                         "events", "beat", "range", "depth", "sweep", "style", "reverb"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["effects", "midiexpressiveness", "automation"]),
        plain | st.dictionaries(
            st.sampled_from(["cc_curves", "sustain_pedal", "expression", "modulation", "filter",
                             "pitch_bend", "drums", "bass"]), plain, max_size=4),
    )
)  # fmt: skip
def test_whatever_blocks_say_their_calls_are_accepted(extensions):
    """Every call that blocks become is one the DAW accepts."""
    asked = Prompt(
        mode="compose", request="x", style="house", tempo=120, roles=("drums", "bass", "pads"),
        constraints={"bars": 4}, extensions=extensions,
    )  # fmt: skip
    calls = runnable(plan_prompt(asked).calls)
    results = Studio().batch((call.name, call.params) for call in calls)
    refused = {it.tool for it in results if not it.ok}
    assert refused <= {"stori_generate_midi"}  # nobody composes here
