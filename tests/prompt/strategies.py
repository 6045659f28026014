"""Texts and prompts at random, and what fuzzers put into them."""

from hypothesis import strategies as st

HEADER = "STORI PROMPT\n"

# Ten prompts without a fault, of every shape that the grammar has.
GOOD = (
    HEADER + "Mode: compose\nRequest: A late-night tape groove.\n",
    HEADER
    + "Mode: compose\nSection: verse\nPosition: after intro + 2\nStyle: dub techno\nKey: Gm\n"
    "Tempo: 122\nEnergy: medium\nRole: [drums, bass, pads]\nConstraints: {bars: 8, density: sparse}\n"
    "Vibe: [driving x3, distant x1]\n"
    "Effects: {pads: {reverb: long plate}, drums: {compression: slow}}\n"
    "Request: Rolling hats under a slowly opening chord.\n",
    HEADER + "Mode: edit\nTarget: track:Bass\nVibe:\n- tighter: 3\n- less muddy: 1\n"
    "Request: Get it out of the way of the kick.\n",
    "stori prompt\nMode: ask\nRequest: Which parts clash in the low mids?\n",
    HEADER + "mode: compose\nrole:\n  - drums\n  - electric bass\nrequest: |\n  Two bars alone,\n"
    "  then everyone.\n\n  No cymbals.\n",
    HEADER + "Mode: compose\nConstraints:\n- bars: 8\n- mono\n- 'swing: 0.3'\nTempo: around 92.5\n"
    "Request: >\n  Folded\n  text.\n",
    HEADER + 'Mode: edit\nTarget: "region:Verse: take 2"\nVibe: {dark: 2, warm: 1}\nAfter: intro\n'
    "Request: 'It''s too bright'\n",
    HEADER + "Mode: compose\nAutomation:\n  - track: pads\n    param: volume\n    events:\n"
    "      - {beat: 0, value: .5}\n      - {beat: 16, value: 1.0, curve: smooth}\n"
    "Form: [intro, {verse: 8}, chorus]\nRequest: Fade the pads in.\n",
    HEADER
    + "Mode: compose\nHarmony: &chords {loop: [Am9, Fmaj7], per_bar: 1}\nMelody: {over: *chords}\n"
    "Request: Jazzy, with ♭9s — ça va 🎷\n",
    "\n\n  MAESTRO PROMPT:  \r\nMode: compose\r\nPosition: within chorus bar 3\r\n"
    "MidiExpressiveness: {sustain_pedal: {changes_per_bar: 2}, pitch_bend: {style: slow}}\r\n"
    "Request: Strings.\r\n",
)

# What trips readers of YAML and of Unicode: indicators, tags, merges, ends of lines and of texts, marks
# that turn text round or cannot be seen, halves of characters, sequences of emoji, and letters whose
# lower case is longer or composes anew.
NASTY = (
    *"\t\n\r\x00\x07\x1b\x7f\x85\xa0\xad :-?[]{},#&*!|>'\"%@`~=<\\/.+_0x9",
    "\r\n", "\n\n", "\n---\n", "\n...\n", ": ", " #", "- ", "? ", "<<: ", "&a ", "*a",
    "!!python/object:os.system ", "|+\n", ">-2\n", "%YAML 1.1\n", "\\x00", '"\\u202e"', "\n  ", "\n\t",
    "\u061c", "\u200b", "\u200d", "\u200f", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069",
    "\ufeff", "\ufffe", "\uffff", "\ufffd", "\ud800", "\udfff", "\U0010ffff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea", "\u2764\ufe0f", "e\u0301", "\u0301", "J\u030c",
    "\u0130", "\u212a", "\u017f", "\u03a3", "\u0344",
    "Mode: ask\n", "request: y\n", "REQUEST : z\n", "null", "yes", ".inf", ".nan", "1e999", "1:30", "0x1F",
    "2026-01-01", "9" * 40, "Vibe: {a: x}\n", "Role: {a: x}\n",
)  # fmt: skip

nasty_text = st.lists(st.sampled_from(NASTY), max_size=40).map("".join)
# What a value of a prompt may hold: anything but NUL and lone surrogates survives.
words = st.one_of(
    st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=20),
    st.lists(st.sampled_from([one for one in NASTY if one.isprintable()]), min_size=1).map("".join),
    st.sampled_from(["dark", "very high", "- drums", "null", "~", "no", "1e3", ".5", "07", "a: b", "x #1"]),
)  # fmt: skip
scalars = st.one_of(
    words, st.none(), st.booleans(), st.integers(-(10**18) + 1, 10**18 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
nested = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
