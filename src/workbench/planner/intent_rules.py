"""From a clause to what is wanted: one table of rules over what its words stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from workbench.planner.intent_clauses import Clause
from workbench.planner.intent_idioms import Idiom, idiom_in, listed
from workbench.planner.intent_lexicon import PLAIN, PREPOSITIONS
from workbench.planner.intent_words import GOVERNING, Word, joined, read


@dataclass(frozen=True, slots=True)
class Found:
    """What a clause was found to want. `weight` says how plainly: 0 nothing … 4 a command."""

    intent: str
    confidence: float
    reason: str
    weight: float
    idiom: Idiom | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An intent wanted where every group of `needs` is met ("A|B": one of them) and nothing of `lacks` is."""

    intent: str
    reason: str
    confidence: float
    needs: tuple[frozenset[str], ...]
    lacks: frozenset[str]


def _rule(intent: str, reason: str, confidence: float, needs: str, lacks: str = "") -> Rule:
    groups = tuple(frozenset(group.split("|")) for group in needs.split())
    return Rule(intent, reason, confidence, groups, frozenset(lacks.split()))


_SOUNDING = "INSTRUMENT|MUSIC|SECTION|TRACK|REGION|WHOLE|NOTE"
_CREATED = "object:MUSIC|object:SECTION|object:GENRE"

# Features: the kinds of `LEXICON`; words as they stand; `head:` the first word's kinds, `object:` those of
# what is newly made or added, `beside:` of the words of its phrase; "IDIOM"; "verbless"; "statement"; "lone":
# one word that matters; "transport": nothing but what is played and where; "foreign": a word nobody knows;
# "tempo_like": a number from 40 to 300.
RULES = (
    _rule(
        "ui.show_panel",
        "rule:panel",
        0.92,
        "PANEL SHOW|HIDE|OFF|lone|head:PANEL|SEEK|WHOLE|give|want|need|screen",
        "PLAY add",
    ),
    _rule("ui.set_zoom", "rule:zoom_pct", 0.90, "ZOOM NUMBER", "MEETING"),
    _rule("ui.set_zoom", "rule:zoom", 0.95, "ZOOM", "MEETING"),
    _rule("track.set_icon", "rule:icon", 0.75, "ICON"),
    _rule("track.rename", "rule:rename", 0.75, "RENAME"),
    _rule("track.rename", "rule:rename", 0.75, f"head:NAME {_SOUNDING}|NUMBER", "me"),
    _rule("track.rename", "rule:rename", 0.75, "name SET|to|head:name"),
    _rule("track.set_color", "rule:color", 0.75, f"COLOR {_SOUNDING}|COLOR_NAME", "object:MUSIC"),
    _rule(
        "track.set_color", "rule:color", 0.75, f"COLOR_NAME {_SOUNDING}", "object:MUSIC NOTE GENRE"
    ),
    _rule("automation.add", "rule:automation", 0.85, "AUTOMATE"),
    _rule("aftertouch.add", "rule:aftertouch", 0.85, "AFTERTOUCH"),
    _rule("midi_cc.add", "rule:cc", 0.85, "CC"),
    _rule(
        "automation.add",
        "rule:automation",
        0.80,
        "ramp|swell|draw|curve|ride VOLUME|PAN|FX|over|UP|DOWN",
    ),
    _rule("pitch_bend.add", "rule:pitch_bend", 0.85, "BEND"),
    _rule("route.create_bus", "rule:bus", 0.82, "object:BUS"),
    _rule("route.add_send", "rule:send", 0.82, f"SEND BUS|FX|{_SOUNDING}", "email MEETING SIDE"),
    _rule("route.add_send", "rule:send", 0.82, "object:SEND ADD|MAKE|NEW|SET|FX|BUS"),
    _rule("route.add_send", "rule:send", 0.82, "->"),
    _rule("notes.quantize", "rule:quantize", 0.85, "QUANTIZE"),
    _rule("notes.swing", "rule:swing", 0.85, "SWING", "object:MUSIC WRITE"),
    _rule("notes.clear", "rule:clear", 0.80, f"CLEAR {_SOUNDING}", "object:REGION object:TRACK"),
    _rule("notes.clear", "rule:clear", 0.80, "REMOVE NOTE"),
    _rule("notes.add", "add_to_existing", 0.82, "object:NOTE"),
    _rule("notes.add", "add_to_existing", 0.82, "ADD|WRITE NOTE TONIC|PITCH"),
    _rule("notes.add", "add_to_existing", 0.75, "object:HIT PLACE", "PLAY"),
    _rule("notes.add", "add_to_existing", 0.75, "ADD chord|triad KEY_NAME|TONIC PLACE"),
    _rule("region.add", "rule:add_region", 0.82, "object:REGION"),
    _rule(
        "compose.generate_music",
        "generation_phrase",
        0.80,
        "object:TRACK beside:GENRE",
        "NEW beside:INSTRUMENT midi",
    ),
    _rule("compose.generate_music", "generation_phrase", 0.80, "object:TRACK WRITE", "NEW"),
    _rule("track.add", "rule:add_track", 0.82, "object:TRACK"),
    _rule(
        "compose.generate_music",
        "generation_phrase",
        0.80,
        f"WRITE {_CREATED}|object:SOMETHING|object:INSTRUMENT|GENRE",
    ),
    _rule("compose.generate_music", "generation_phrase", 0.80, f"GO_ON {_SOUNDING}|head:GO_ON"),
    _rule(
        "compose.generate_music", "generation_phrase", 0.80, f"{_CREATED} MAKE|ADD|NEW|PLAY|START"
    ),
    _rule(
        "compose.generate_music",
        "generation_phrase",
        0.75,
        "object:SOMETHING MAKE|ADD|PLAY",
        "need needs else different better try use",
    ),
    _rule("track.mute", "rule:mute_track", 0.85, "MUTE", "object:MUSIC"),
    _rule("track.solo", "rule:solo_track", 0.85, "solo OFF|on|in|out SET"),
    _rule(
        "track.mute", "rule:mute_track", 0.75, "SWITCH_OFF INSTRUMENT|TRACK|MUSIC", "FX PANEL SEEK"
    ),
    _rule(
        "track.mute",
        "rule:mute_track",
        0.75,
        "OFF verbless INSTRUMENT|TRACK",
        "FX PANEL IDIOM sound sounds is are",
    ),
    _rule(
        "track.mute",
        "rule:mute_track",
        0.75,
        "OFF TURN|switch|shut INSTRUMENT|TRACK",
        "FX PANEL IDIOM",
    ),
    _rule("track.solo", "rule:solo_track", 0.85, "SOLO", "object:MUSIC"),
    _rule("track.solo", "rule:solo_track", 0.80, f"ALONE PLAY|SOLO|ADD|head:ALONE {_SOUNDING}"),
    _rule("project.set_tempo", "rule:tempo", 0.93, "TEMPO NUMBER", "object:MUSIC GENRE"),
    _rule(
        "project.set_tempo",
        "rule:tempo",
        0.75,
        "tempo_like TURN|SET|MAKE UP|DOWN|to|it|us",
        "INSTRUMENT TRACK VOLUME DB FX PLACE ZOOM PAN SIDE SEND SWING NOTE GENRE MUSIC percent QUANTIZE",
    ),
    _rule("project.set_tempo", "rule:tempo", 0.85, "TEMPO SET|FASTER|UP|DOWN|TURN|lone", "GENRE"),
    _rule("project.set_tempo", "rule:tempo", 0.80, "FASTER|TIME_FEEL", "object:MUSIC GENRE FX"),
    _rule("project.set_key", "rule:key", 0.90, "KEY KEY_NAME|TONIC|SET|TRANSPOSE", "object:MUSIC"),
    _rule(
        "project.set_key",
        "rule:key",
        0.85,
        "KEY_NAME SET|head:KEY_NAME|TRANSPOSE|SHOW|SEEK|to|in|into",
        "object:MUSIC GENRE",
    ),
    _rule("project.set_key", "rule:key", 0.80, "TRANSPOSE"),
    _rule(
        "project.set_key",
        "rule:key",
        0.75,
        "TONIC in|to|into WHOLE|SET|TURN|MAKE",
        "object:MUSIC NOTE chord PLACE FX BEND",
    ),
    _rule("route.add_send", "rule:send", 0.75, "verbless BUS to|into|through"),
    _rule("fx.add_insert", "rule:insert_effect", 0.80, "object:FX"),
    _rule("fx.add_insert", "rule:insert_effect", 0.80, f"head:FX_VERB {_SOUNDING}"),
    _rule(
        "fx.add_insert",
        "rule:insert_effect",
        0.75,
        f"FX verbless|more {_SOUNDING}|lone",
        "REMOVE HIDE",
    ),
    _rule("track.set_pan", "rule:pan", 0.85, "PAN"),
    _rule(
        "track.set_pan",
        "rule:pan",
        0.80,
        f"SIDE SET|TURN|ADD|SEND|to|verbless {_SOUNDING}",
        "hand now sound sounds not doesnt isnt feel",
    ),
    _rule("mix", "idiom", 0.85, "IDIOM"),
    _rule(
        "track.set_volume",
        "rule:volume",
        0.85,
        "VOLUME SET|TURN|UP|DOWN|NUMBER|DB|head:VOLUME|more|less",
    ),
    _rule("track.set_volume", "rule:volume", 0.85, "DB"),
    _rule(
        "track.set_volume",
        "rule:volume",
        0.80,
        f"LOUDER {_SOUNDING}|lone|head:LOUDER|BUS",
        "energy object:MUSIC",
    ),
    _rule(
        "track.set_volume",
        "rule:volume",
        0.80,
        f"UP|DOWN TURN|verbless|head:UP|head:DOWN {_SOUNDING}",
        "FX energy",
    ),
    _rule("transport.stop", "rule:stop", 0.99, "head:STOP"),
    _rule("transport.play", "rule:play", 0.99, "head:PLAY", "foreign MEETING"),
    _rule(
        "transport.seek",
        "rule:seek",
        0.85,
        "head:SEEK|head:TURN PLACE|SECTION|NUMBER|PLAYHEAD",
        "foreign",
    ),
    _rule("transport.seek", "rule:seek", 0.85, "PLAYHEAD"),
    _rule(
        "transport.seek", "rule:seek", 0.85, "head:SEEK lone", "go return hop wind navigate park"
    ),
    _rule(
        "transport.seek", "rule:seek", 0.70, "head:PLACE NUMBER verbless", "INSTRUMENT MUSIC GENRE"
    ),
    _rule("transport.play", "rule:play", 0.99, "head:START lone|transport", "foreign"),
    _rule("transport.play", "rule:play", 0.80, "PLAY", "foreign GENRE"),
    _rule("transport.stop", "rule:stop", 0.80, "STOP lone|WHOLE|MUSIC"),
    _rule("route.create_bus", "rule:bus", 0.75, "BUS head:BUS|MAKE|NEW"),
    _rule("route.add_send", "rule:send", 0.70, "BUS to|into|through|on|onto"),
    _rule("compose.generate_music", "generation_phrase", 0.75, "object:INSTRUMENT ADD|MAKE|NEW"),
    _rule(
        "compose.generate_music",
        "generation_phrase",
        0.70,
        "verbless object:MUSIC",
        "statement PRAISE REMOVE",
    ),
    _rule(
        "compose.generate_music",
        "generation_phrase",
        0.70,
        "verbless GENRE INSTRUMENT|MUSIC|PLACE|TEMPO|SOMETHING|KEY_NAME|TONIC",
        "statement PRAISE",
    ),
    _rule(
        "compose.generate_music",
        "generation_phrase",
        0.70,
        "verbless INSTRUMENT PLACE NUMBER",
        "statement",
    ),
    _rule("notes.add", "add_to_existing", 0.82, f"add|insert|write to {_SOUNDING}", "foreign"),
)
"""Of the rules that fit a clause the first decides; confidences are reference §2's where it has any."""

_VERBS = listed(
    "ADD MAKE WRITE GO_ON SET REMOVE CLEAR SHOW HIDE PLAY START STOP SEEK RENAME NAME TURN MUTE SWITCH_OFF FIX"
)
_CREATING = listed("ADD MAKE WRITE GO_ON NEW PLAY START")
_OBJECTS = listed("TRACK REGION NOTE BUS FX MUSIC SECTION INSTRUMENT GENRE SOMETHING HIT CHORUS")
_THINGS = listed("FX CC AFTERTOUCH BEND SWING AUTOMATE ICON COLOR SEND PAN VOLUME")
_TRANSPORT = listed("START PLAY WHOLE PLACE SECTION NUMBER MUSIC TRACK SEEK PLAYHEAD")


def features_of(words: Sequence[Word], clause: Clause) -> frozenset[str]:
    """All that rules ask of a clause: see `RULES`."""
    said = [word for word in words if word.text not in PREPOSITIONS]
    features = {word.text for word in words}
    if not said:
        return frozenset(features)
    idiom = idiom_in(clause.words)
    for word in said:
        features |= _section(word)
    features |= {f"head:{kind}" for kind in _section(said[0])}
    features.add(f"head:{said[0].text}")
    features |= _objects(
        words, changed=idiom is not None or not features.isdisjoint({"LOUDER", "FASTER"})
    )
    features.add("statement" if clause.mood == "statement" else clause.mood)
    if idiom:
        features.add("IDIOM")
    if any(word.text.isdecimal() and 40 <= int(word.text[:9]) <= 300 for word in said):
        features.add("tempo_like")
    if all(word.kinds.isdisjoint(_VERBS) for word in said):
        features.add("verbless")
    if len([word for word in said if "WHOLE" not in word.kinds]) == 1:
        features.add("lone")
    if all(not word.kinds.isdisjoint(_TRANSPORT) for word in said):
        features.add("transport")
    if any(not word.kinds and word.text not in PLAIN for word in said):
        features.add("foreign")
    return frozenset(features)


def _resolved(word: Word, *, first: bool) -> Word:
    """A solo is asked for by a verb at the head of a clause; elsewhere it is music."""
    if word.text == "solo":
        return replace(word, kinds=frozenset({"SOLO"} if first else {"MUSIC"}))
    return word


def _section(word: Word) -> frozenset[str]:
    return frozenset({"SECTION"}) if word.text == "chorus" else word.kinds


def _objects(words: Sequence[Word], *, changed: bool) -> frozenset[str]:
    """What is newly made or added: the head of the first new noun phrase after the verb.

    `changed`: the clause says how something there is to be, "make drums louder".
    """
    verb = next((at for at, word in enumerate(words) if not word.kinds.isdisjoint(_CREATING)), -1)
    if verb < 0 and any(not word.kinds.isdisjoint(_VERBS) for word in words[:1]):
        return frozenset()
    adding = verb >= 0 and "ADD" in words[verb].kinds
    for phrase, governed in _phrases(words[verb + 1 :] if verb >= 0 else words):
        head = _head(phrase)
        if head is None:
            continue
        word = phrase[head]
        if word.kinds.isdisjoint(_OBJECTS) or (adding and "FX" in word.kinds and not governed):
            return _object(phrase, head, words[verb] if verb >= 0 else None)
        numbered = (
            len(phrase) > head + 1 and "NUMBER" in phrase[head + 1].kinds and "TRACK" in word.kinds
        )
        bare = word.article == "" and changed
        if word.article in ("definite", "governed") or numbered or bare:
            continue
        return _object(phrase, head, words[verb] if verb >= 0 else None)
    return frozenset()


def _phrases(words: Sequence[Word]) -> Iterator[tuple[list[Word], bool]]:
    """Noun phrases: what stands between prepositions, and whether a preposition of place governs it."""
    phrase: list[Word] = []
    governed = False
    for word in words:
        if word.text in PREPOSITIONS:
            yield phrase, governed
            phrase, governed = [], word.text in GOVERNING
        else:
            phrase.append(word)
    yield phrase, governed


def _head(phrase: Sequence[Word]) -> int | None:
    nouns = [at for at, word in enumerate(phrase) if not word.kinds.isdisjoint(_OBJECTS | _THINGS)]
    return nouns[-1] if nouns else None


def _object(phrase: Sequence[Word], head: int, verb: Word | None) -> frozenset[str]:
    """Features of an object and of the words beside it: of a "techno track", TRACK beside GENRE."""
    word = phrase[head]
    kinds = word.kinds
    if word.text == "chorus":  # put on something it is an effect, written it is a section
        is_effect = verb is None or ("ADD" in verb.kinds and verb.text not in ("want", "need"))
        kinds = frozenset({"FX" if is_effect else "SECTION"})
    beside = {kind for other in phrase[:head] for kind in other.kinds}
    return frozenset({f"object:{kind}" for kind in kinds} | {f"beside:{kind}" for kind in beside})


_VAGUE_VERB = (
    "fix|improve|change|tweak|adjust|enhance|polish|refine|rework|redo|modify|edit|update|help|do|alter|"
    "rethink|revise|"
    "make|try|work on|clean|upgrade|optimize|optimise|sort|give|touch up|mess with|play with|play around with|"
    "switch|want|needs?|surprise|mix|finish|freshen|jazz|dress|doctor|repair|correct|undo"
)
_VAGUE = re.compile(
    rf"^(?:{_VAGUE_VERB})(?: \w+){{0,3}}$|^(?:{_VAGUE_VERB})\b.*\b(?:better|nicer|cooler|good|great|"
    rf"different|differently|right|magic"
    r"|pop|professional|pro|awesome|amazing|special|something|anything|thing|stuff|somehow|else|work|"
    r"special|best|improve)\b"
    r"|\b(?:wrong|not right|isnt right|(?:doesnt|dont) sound|doesnt work|isnt working|not working|"
    r"something missing|is missing|missing something"
    r"|(?:sounds?|is|are|bit|seems?|feels?) (?:off|bad|weird|strange|odd|awful|terrible|horrible)|feels? "
    r"(?:off|wrong|weird|strange|odd)|dont like|hate"
    r"|not happy|not feeling|needs? (?:work|help|something|fixing|improvement)|not sure|could be better|"
    r"better|not quite|not like|(?:another|different) (?:way|approach|direction)|do something"
    r"|dont love|not good|not great|not quite there|not there yet|improvements?)\b"
)
_HOW_TO = re.compile(
    r"^(?:(?:tell|show|teach|explain|walk|help|remind)(?: \w+)* )?(?:how (?:do|can|could|would|should|to|"
    r"does one)|hows|where (?:do|can|is|are|would|did|to)|wheres"
    r"|can (?:i|you|we|stori)|could i|is there (?:a|any) way|is it possible|is there a|do you support|does "
    r"stori|what button|which button)\b"
    r"|\bhow (?:do i|can i|to|you|i can|i could|i)\b|\bwhere (?:i|to|do i|can i|is)\b"
)


def find(clause: Clause) -> Found:
    """What one clause wants."""
    line = " ".join(clause.words)
    if clause.mood == "question":
        return asked(line)
    words = [_resolved(word, first=at == 0) for at, word in enumerate(read(clause.words))]
    features = features_of(words, clause)
    rule = next((rule for rule in RULES if _fits(rule, features)), None)
    if rule is not None:
        return _found(rule, clause, features)
    if _VAGUE.search(joined(clause.words)):
        return Found("control.needs_clarification", 0.60, "vague", 1.5)
    if clause.mood == "perhaps" or clause.asked:
        return asked(line, 2.2)
    return UNKNOWN


_LINKING = listed("is are was were sounds sound feels feel seems isnt arent doesnt lacks has")
_ACTING = frozenset(
    f"head:{kind}"
    for kind in listed(
        "QUANTIZE SWING FX_VERB PAN ZOOM AUTOMATE BEND COLOR SOLO SEND UP DOWN FASTER TRANSPOSE"
    )
)


def _fits(rule: Rule, features: frozenset[str]) -> bool:
    return rule.lacks.isdisjoint(features) and all(
        not group.isdisjoint(features) for group in rule.needs
    )


def _found(rule: Rule, clause: Clause, features: frozenset[str]) -> Found:
    weight = 3.0
    if clause.mood == "statement" or not _LINKING.isdisjoint(clause.words[1:]):
        weight = 2.0
    elif (
        clause.mood == "desire"
        or ("verbless" in features and features.isdisjoint(_ACTING))
        or not features.isdisjoint({"head:want", "head:need", "head:needs"})
    ):
        weight = 2.5
    if rule.intent != "mix":
        return Found(rule.intent, rule.confidence, rule.reason, weight)
    idiom = idiom_in(clause.words)
    assert idiom is not None  # the feature IDIOM says so
    return Found(idiom.intent, rule.confidence, f"idiom:{idiom.phrase}", weight, idiom)


def asked(line: str, weight: float = 3.0) -> Found:
    """A question: about the program where it names a part of it, or how to do what it does."""
    about_product = any(
        kinds and not kinds.isdisjoint({"PRODUCT", "PANEL"})
        for kinds in (word.kinds for word in read(line.split()))
    )
    if not about_product and _HOW_TO.search(line):
        about_product = any("OPERATION" in word.kinds for word in read(line.split()))
    intent = "ask.stori_docs" if about_product else "ask.general"
    return Found(intent, 0.75, "question", weight)


UNKNOWN = Found("control.unknown", 0.25, "no_match", 0.0)
