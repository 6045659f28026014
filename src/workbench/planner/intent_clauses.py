"""Text to clauses: chatter gone, polite openers understood, each a wish, a question or a statement.

Knows how people ask, not what musicians ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.planner.intent_idioms import listed
from workbench.planner.intent_lexicon import FILLERS
from workbench.planner.intent_spelling import repaired, spelt, tokens_of

Mood = Literal["question", "wish", "desire", "perhaps", "statement"]
"""A "desire" is a wish told as a fact ("I want to …"); a "perhaps" is a wish if it turns out to be one, else
a question ("can the bass be louder?")."""

LONGEST_CHARACTERS = 1000
"""How much of a text in plain words is looked at: a wish is said within a few sentences."""

_KEPT_AFTER_LIKE = listed(
    "would id i we youd sound sounds something anything feel feels look looks it dont not"
)
_FILLERS = {tuple(phrase.split()) for phrase in FILLERS.split(", ")}
_LONGEST_FILLER = max(map(len, _FILLERS))

# What opens a wish, and what stays of it.
_OPENERS = tuple(
    (re.compile(rf"^(?:{opener})\b ?"), rest)
    for opener, rest in (
        (r"(?:can|could|may|might) (?:i|we) (?:please )?(?:hear|listen to)", "hear "),
        (r"(?:can|could|may|might) (?:i|we) see", "show "),
        (r"(?:can|could|may|might) (?:i|we) (?:get|have)", "give "),
        (r"(?:would|do) you mind(?: if (?:you|we|i))?", ""),
        (
            r"(?:is there (?:any|a) chance|any chance|is it possible|would it be possible"
            r"|(?:i was |im |ive been |was )?wondering|i wonder|it would (?:be|help)(?: \w+)?"
            r"|id appreciate it|i would appreciate it|be (?:great|nice|good|lovely))"
            r"(?: if| that)? (?:you|we|u)(?: could| can| would| might)?",
            "",
        ),
        (r"do you think (?:you|we|u) (?:could|can|would|might)", ""),
        (r"(?:id|i would|wed) (?:be (?:so |very )?(?:grateful|happy|glad|thankful)|appreciate|kill|die|"
         r"settle)(?: for)?", "want "),
        (r"(?:is it possible|would it be possible|any way) (?:for you )?to", ""),
        (
            r"(?:can|could|would|will|might|wont|cant|couldnt) (?:you|u|ya|we|someone|somebody)"
            r"(?: be able to| help me(?: to)?| try and| try to| be so kind(?: as)? to| be a dear and"
            r"| think about)?",
            "",
        ),
        (r"(?:(?:i|we)(?: do| also)? (?:want|need|wish|got|would like|would love|d like)|(?:id|wed) "
         r"(?:like|love))(?: (?:you|us|this))? to (?!know|learn|understand|find out|be)", ""),
        (r"(?:im|we are|were|i am) (?:looking|going|trying|hoping) to (?!know|learn|understand|find out)", ""),
        (r"(?:im|i am|were|we are) (?:looking|hoping|searching|after)(?: for)?", "give "),
        (r"(?:(?:i|we)(?: do| also| will)? (?:want|need|would like|would love|d like)|(?:id|wed) (?:like|"
         r"love))(?! to (?:know|learn|understand))", "want "),
        (r"(?:it|this|that|we|they|you) (?:could|should|would|might|must|can) (?:do with|use|have|be|get)",
            "needs "),
        (r"(?:lets|let us|let me)(?! hear| see| know)(?: go (?:for|with)| try(?: out)?| do)?(?= |$)", ""),
        (r"why (?:dont|not|couldnt)(?: you| we| i)?", ""),
        (r"how (?:about|bout)(?: if)?(?: we| you| i)?(?: try| tried)?(?: a)?", ""),
        (r"what (?:about|if)(?: we| you| i)?(?: tried| try)?", ""),
        (r"(?:go ahead and|try to|try and|make sure(?: to| you)?|be sure to|remember to|feel free to"
         r"|be so kind(?: as)? to|time to|it is time to|its time to|help me(?: to)?(?= \w)(?! understand| "
         r"learn))", ""),
        (r"(?:you|we|u|i) (?:could|can|should|might|must|shall|will|need to|have to|gotta|got to)", ""),
        (r"(?:shall|should) we", ""),
    )
)  # fmt: skip
_WH = re.compile(
    r"^(?:what(?! (?:a|an) )|how(?! (?:cool|nice|lovely))|where(?! the| it)|why|who|whose|whom|which|whats|hows"
    r"|wheres|whos|whys|when (?:do|does|did|was|were|is|are|should|will|can|would)|since when)\b"
)
_ASKED_ABOUT = (
    r"(?:how|what|whats|why|where|which|who|when|whether|if|about|difference|understand|learn|more)"
)
_EXPLAIN = re.compile(
    rf"^(?:let me know|explain|describe|define|teach|clarify|(?:tell|show|remind|walk|talk|help)(?: "
    rf"\w+){{0,4}}? (?:the )?{_ASKED_ABOUT}\b"
    rf"|do you (?:know|happen|have)|(?:got )?any (?:idea|tips?|advice|suggestions?|thoughts|"
    rf"recommendations?|clue)"
    rf"|(?:(?:i|im|ive|am|was|been|always|just) ){{0,4}}(?:wonder|wondering|wondered|curious)\b|"
    rf"(?:(?:i|im|we) )?(?:confused|unsure|not sure) {_ASKED_ABOUT}"
    rf"|(?:i|we) (?:dont|do not|never|cant|didnt|have no idea|forgot|keep forgetting)(?: \w+){{0,2}} "
    rf"?{_ASKED_ABOUT}"
    rf"|(?:i|we|id)(?: would| d)? ?(?:want|need|like|love|wanted) to (?:know|learn|understand|find out)"
    rf"|(?:i )?need help|difference between|question about|what is|meaning of|no idea {_ASKED_ABOUT})"
)
_AUX = re.compile(
    r"^(?:is|are|was|were|am|does|did|isnt|arent|doesnt|didnt|has|hasnt|havent|do (?:you|i|we|they|the|all|"
    r"most|people|any)"
    r"|have (?:you|we|i)|should|shall i|may i|must i|will (?:it|the|this|that|there|stori)|would (?:it|a|"
    r"an|that|there|this)"
    r"|(?:can|could) (?:i|a|an|one|stori|people|anyone|there))\b"
)
_PERHAPS = re.compile(r"^(?:can|could|would|will|may|might|cant|couldnt)\b ?")
_STATEMENT = listed(
    "love loved i im ive id ill we were weve it its thats that this these those they theyre he she my our "
    "your you youre "
    "there theres everyone someone nobody is are was"
)
_FIRST_PERSON = listed("i we im id wed ill were ive")
_SPLITS = frozenset(
    {".", "!", ";", "?", ",", "(", ")", "but", "because", "cause", "since", "though", "although"}
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Some words that say one thing, how they say it, and whether a question mark stood there."""

    words: tuple[str, ...]
    mood: Mood
    asked: bool = False


def clauses_of(text: str) -> list[Clause]:
    """The clauses of the beginning of a text, none of them empty."""
    words = spelt(tokens_of(text[:LONGEST_CHARACTERS]))
    return [
        clause
        for part, mark in _parts(words)
        if (clause := clause_of(part, asked=mark == "?")).words
    ]


def clause_of(words: Sequence[str], *, asked: bool) -> Clause:
    """One clause of words that are spelt right."""
    line = " ".join(unfilled(words))
    if _is_question(line):
        return Clause(tuple(line.split()), "question", asked)
    opened = _opened(line)
    if opened != line:
        told: Mood = "desire" if line.partition(" ")[0] in _FIRST_PERSON else "wish"
        mood: Mood = "question" if _is_question(opened) else told
        return Clause(tuple(_imperative(opened).split()), mood, asked)
    if _AUX.match(line):
        return Clause(tuple(line.split()), "question", asked)
    if _PERHAPS.match(line):
        return Clause(tuple(_PERHAPS.sub("", line).split()), "perhaps", asked)
    head = line.partition(" ")[0]
    return Clause(tuple(line.split()), "statement" if head in _STATEMENT else "wish", asked)


def unfilled(words: Sequence[str]) -> list[str]:
    """The words without chatter, which is taken out as whole words only."""
    left: list[str] = []
    at = 0
    while at < len(words) and words[at] in ("and", "or", "then"):
        at += 1
    while at < len(words):
        for length in range(min(_LONGEST_FILLER, len(words) - at), 0, -1):
            if tuple(words[at : at + length]) in _FILLERS:
                break
        else:
            length = 0
        if (
            length
            and not (words[at] == "like" and left and left[-1] in _KEPT_AFTER_LIKE)
            and not (words[at] == "you" and left and left[-1] in ("do", "did", "dont"))
        ):
            at += length
        else:
            left.append(words[at])
            at += 1
    return left


def _is_question(line: str) -> bool:
    return bool((_WH.match(line) and _opened(line) == line) or _EXPLAIN.match(line))


def _opened(line: str) -> str:
    """The wish after its openers, however many."""
    for opener, rest in _OPENERS:
        match = opener.match(line)
        if match:
            return rest + _opened(line[match.end() :])
    return line


def _imperative(line: str) -> str:
    """The line with a gerund at its head as a plain verb: "adding reverb" is "add reverb"."""
    head, _, rest = line.partition(" ")
    if head.endswith("ing") and len(head) > 5:
        stem = head[:-3]
        doubled = stem[:-1] if stem[-1] == stem[-2] else stem
        base = next((b for b in (stem, f"{stem}e", doubled) if b in _VERBS), head)
        return f"{base} {rest}".strip()
    return line


_VERBS = listed(
    "add put set turn make create write change mute unmute solo unsolo pan rename play start stop pause "
    "show hide "
    "open close zoom delete clear remove quantize quantise apply give bring move jump skip go send route "
    "automate "
    "draw compose generate lower raise boost build insert bend name call color colour transpose try wipe "
    "erase use "
    "speed slow compress switch throw cut drop paint drag"
)


def _parts(words: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """Clauses as words, each with the mark or the joining word that ends it."""
    part: list[str] = []
    for i, word in enumerate(words):
        if word in _SPLITS or (
            word == "so" and i and words[i + 1 : i + 2] not in ([], ["that"], ["much"])
        ):
            yield part, word
            part = []
        elif word not in (":", "%"):
            part.append(word)
        elif word == "%":
            part.append("percent")
    yield part, ""


def is_affirmative(text: str) -> bool:
    """Whether a reply says yes and nothing else: "yes please", "sure, go ahead"."""
    words = [repaired(token) for token in tokens_of(text[:LONGEST_CHARACTERS]) if token.isalpha()]
    return 0 < len(words) <= 8 and bool(_YES.fullmatch(" ".join(words)))


_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|ya|sure(?: thing)?|ok|okay|of course|absolutely|definitely|certainly|please|"
    r"go ahead|go for it"
    r"|do it|do that|do so|sounds? (?:good|great|perfect)|lets do it|lets go|perfect|great|thanks|thank "
    r"you|why not|by all means"
    r"|i would|id (?:love|like) that|id love to|that works|correct|right|exactly|affirmative|alright|fine|"
    r"cool|make it so"
    r")(?: |$))+"
)
