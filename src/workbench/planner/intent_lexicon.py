"""The words musicians ask in: what each may stand for, which join others, which are chatter. Tables only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from workbench.planner.intent_idioms import listed

LEXICON: Mapping[str, str] = MappingProxyType(
    {
        # what is done
        "ADD": (
            "add, insert, put, apply, throw, slap, stick, drop in, load, attach, place, layer, pop, "
            "chuck, toss, introduce, bring in, include, hook up, plug in, throw on, drop, need, needs, "
            "want, wants, use, set up, give, gimme, draw, could use, have, lets have, tack on, append"
        ),
        "MAKE": "make, create, build, design, program, put together, get me, start off, form",
        "WRITE": (
            "write, generate, compose, produce, improvise, come up with, lay down, craft, cook up, "
            "whip up, sketch, draft, knock out, play me, hit me with, jam, invent, drum up, write out, "
            "orchestrate, make up, sing me, record me, arrange, harmonize, harmonise"
        ),
        "GO_ON": "continue, extend, finish, carry on, go on, keep going, complete, reharmonize, develop, "
        "build on, expand on",
        "NEW": "new, another, empty, blank, additional, fresh",
        "SET": (
            "set, change, switch, adjust, turn, move, bring, assign, update, shift, dial, make, put, "
            "raise, lower, increase, decrease, reduce, boost, cut, drop, bump, nudge, push, pull, take, "
            "get, give, crank, let, try, use, modify, alter, edit, place, should be, transpose, reset, "
            "double, halve"
        ),
        "REMOVE": "delete, remove, get rid of, take out, throw away, throw out, scrap, trash, discard",
        "CLEAR": "clear, wipe, erase, empty out, clean out, nuke, clear out, wipe out, empty",
        "SHOW": (
            "show, open, display, bring up, pull up, reveal, view, see, toggle, launch, pop open, "
            "unhide, open up, focus, look at, switch to, go to, take me to, get me, expand"
        ),
        "HIDE": "hide, close, dismiss, minimize, minimise, put away, shut, collapse, get rid of, tuck away",
        "PLAY": (
            "play, hit it, spin it, from the top, start it up, fire it up, run it back, continue playback, "
            "continue playing, keep playing, resume, unpause, hit play, press play, lets hear, "
            "let me hear, let us hear, playback, "
            "play back, listen to, start playback, start playing, roll it, hear, listen"
        ),
        "START": "start, begin, restart, go, roll, kick off, run",
        "STOP": "stop, pause, halt, freeze, cease, hit stop, press stop, hit pause, cut the music, "
        "cut playback, kill the music, kill playback, kill the sound, cut the sound, quit playing",
        "SEEK": (
            "go to, go back, jump, skip, rewind, fast forward, seek, scrub, locate, take me to, return, "
            "back to, go, move to, navigate, hop, take me back, back up, wind, cue up, park, start from"
        ),
        "ZOOM": "zoom, magnify, magnification, zoomed",
        "RENAME": "rename, retitle, relabel, re name, re title, re label, be called, be named, "
        "should be called, should be named",
        "NAME": "name, call, title, label",
        "MUTE": "mute, unmute, un mute, silence, muted, unmuted, shush, mutes",
        "SOLO": "unsolo, un solo, isolate, soloed, soloing, solos",
        "AUTOMATE": "automate, automated, automation, fade in, fade out, fades in, fades out, fade, "
        "envelope, crossfade",
        "QUANTIZE": (
            "quantize, quantise, quantization, quantisation, quantized, quantised, snap, requantize, "
            "time correct, fix the timing, tighten the timing, straighten the timing, "
            "straighten out the timing, tighten up the timing, on the grid, "
            "to the grid, line up, align, correct the timing, clean up the timing"
        ),
        "SWING": "swing, shuffle, swung, swing feel, shuffle feel, swinging, swingy",
        "SEND": "send, route, sends, bus out, feed, routing",
        "FX_VERB": (
            "compress, distort, saturate, sidechain, filter, limit, gate, equalize, equalise, eq, "
            "overdrive, reverb, delay, de ess, phase"
        ),
        "BEND": "pitch bend, pitch bends, pitchbend, bend, bends, pitch wheel, pitch slide, bending",
        "TURN": "turn, bring, crank, dial, pull, push, bump, nudge, move, take, put, knock, drop, lift, "
        "come, go",
        "UP": "up, raise, boost, crank, increase, lift",
        "DOWN": "down, lower, decrease, reduce",
        "SWITCH_OFF": "turn off, switch off, shut off, turn on, switch on, kill, shut up, bring back",
        "OFF": "off",
        # what it is done to
        "PANEL": (
            "mixer, inspector, piano roll, pianoroll, step sequencer, sequencer, mixing desk, "
            "mixing console, note editor, mixer panel, mixer window, mixer view, drum sequencer, "
            "midi editor, track inspector, mix window, mixing board, step editor"
        ),
        "TRACK": "track, midi track, lane, channel, instrument track, audio track",
        "REGION": "region, clip, midi region, midi clip, block, loop region, segment",
        "NOTE": (
            "note, quarter note, eighth note, half note, whole note, sixteenth note, ghost note, "
            "grace note, triplet, quaver, crotchet, minim, semiquaver, midi note, pitch, trill, root note, "
            "passing note, bass note, quarter, eighth note"
        ),
        "BUS": "bus, aux, aux bus, aux channel, return track, fx bus, send bus, buss, group bus, submix, "
        "return channel, aux track, bus track, effects bus, effect bus",
        "FX": (
            "compressor, compression, eq, equalizer, equaliser, reverb, delay, echo, flanger, phaser, "
            "distortion, limiter, noise gate, overdrive, saturation, filter, high pass, low pass, highpass, "
            "lowpass, tremolo, bitcrusher, bit crusher, de esser, deesser, fuzz, vocoder, autotune, "
            "auto tune, exciter, effect, effects, fx, plugin, insert, wah, sidechain compression, saturator, "
            "high pass filter, low pass filter, hi pass, amp sim, plate reverb, hall reverb, gate, "
            "tape delay, slapback, ping pong delay, transient shaper, modulation, chorus effect, "
            "plate, spring reverb, tape saturation, parametric eq, multiband compressor, sidechain, verb"
        ),
        "CHORUS": "chorus",
        "CC": (
            "cc, control change, mod wheel, modwheel, modulation wheel, sustain pedal, sustain, expression, "
            "breath controller, midi controller, controller, pedal, damper pedal, midi cc, "
            "expression pedal, cc data, pedalling, pedaling, control changes, controller data"
        ),
        "AFTERTOUCH": (
            "aftertouch, after touch, channel pressure, poly pressure, key pressure, polyphonic pressure, "
            "pressure, poly aftertouch, channel aftertouch, polyphonic aftertouch, pressure data"
        ),
        "ICON": "icon, symbol, emoji, glyph, picture, avatar, pictogram, sf symbol",
        "COLOR": "color, colour, recolor, recolour, paint, tint, colors, colours, colored, coloured, "
        "hue, shade",
        "COLOR_NAME": (
            "blue, indigo, purple, pink, red, orange, yellow, green, teal, cyan, mint, gray, grey, "
            "magenta, violet, turquoise, brown, black, white, lime, gold"
        ),
        "VOLUME": "volume, level, gain, fader, loudness, vol, levels, faders",
        "LOUDER": (
            "louder, quieter, softer, too loud, too quiet, too soft, cant hear, barely hear, "
            "drowned out, drowning out, drowns out, less loud, less quiet, not loud enough, turn up, "
            "turn down, loud, quiet, attenuate, bring up, bring down, amplify, more volume, less volume"
        ),
        "DB": "db, decibel, decibels, dbs",
        "PAN": "pan, panning, panned, pans",
        "SIDE": "left, right, center, centre, centered, centred, hard left, hard right, middle, dead center",
        "TEMPO": "tempo, bpm, beats per minute, speed, tempi, pace",
        "FASTER": (
            "faster, slower, speed up, slow down, too fast, too slow, quicker, speed it up, "
            "slow it down, slow this down, "
            "speed this up, slow things down, speed things up, pick up the pace, more slowly"
        ),
        "TIME_FEEL": "double time, half time, doubletime, halftime, slow",
        "FIX": (
            "fix, improve, tweak, adjust, enhance, polish, refine, rework, redo, alter, clean, rethink, "
            "revise, clean up, "
            "sort out, work on, help, touch up"
        ),
        "KEY": "key, key signature, scale",
        "TRANSPOSE": "transpose, modulate, transposed",
        "PLAYHEAD": "playhead, play head, cursor, song position, playback position, play position",
        "PLACE": (
            "bar, beat, measure, beginning, start, end, top, second, seconds, marker, section, "
            "minute, downbeat, upbeat, time, ending, zero, half"
        ),
        "SECTION": (
            "verse, intro, outro, drop, bridge, hook, breakdown, build up, buildup, prechorus, pre chorus, "
            "interlude, coda, middle eight, refrain, turnaround, break, ending, introduction, the drop"
        ),
        "MUSIC": (
            "song, beat, melody, groove, bassline, bass line, chord, chord progression, progression, "
            "loop, riff, tune, triad, jingle, arpeggio, arp, pattern, line, countermelody, counter melody, "
            "lick, "
            "music, piece, ostinato, fill, drum fill, drum beat, drum loop, drumbeat, arrangement, score, "
            "soundtrack, theme, motif, jam, variation, harmony, hymn, ballad, waltz, fugue, lullaby, "
            "composition, soundscape, banger, instrumental, topline, sonata, vamp, comp, cue, "
            "backing, accompaniment, anthem, prelude, etude, march, counterpoint, rhythm, part, solo part, "
            "vocal line, top line, backing track, drum part, bass part, drum pattern, ditty, walking bass, "
            "two step, stab, swell, lead line, chords, melodies, harmonies, remix, medley"
        ),
        "INSTRUMENT": (
            "drum, bass, guitar, piano, keys, synth, string, strings, pad, lead, vocal, vocals, voice, "
            "hat, hi hat, hihat, snare, kick, clap, cymbal, crash, ride, tom, shaker, tambourine, conga, "
            "bongo, percussion, perc, organ, rhodes, violin, viola, cello, flute, sax, saxophone, trumpet, "
            "trombone, horn, brass, woodwind, clarinet, oboe, bassoon, harp, marimba, vibraphone, vibes, "
            "xylophone, glockenspiel, bell, bells, choir, sub, sub bass, 808, 808s, rimshot, rim, cowbell, "
            "banjo, mandolin, ukulele, accordion, harmonica, sitar, celesta, wurlitzer, clav, clavinet, "
            "kit, drum kit, drumkit, upright bass, electric piano, pluck, plucks, singer, orchestra, tuba, "
            "string section, timpani, pan flute, steel drum, kalimba, harpsichord, bass drum, kick drum, "
            "high hat, overhead, toms, hats, backing vocal, backing vocals, lead synth, rhythm guitar, "
            "acoustic guitar, lead guitar, lead vocal, lead vocals, ensemble, quartet, trio, low end, woodwinds"
        ),
        "HIT": "kick, snare, hat, hi hat, hihat, clap, crash, ride, tom, rimshot, cowbell, hit, cymbal, "
        "chord, triad",
        "GENRE": (
            "lofi, lo fi, trap, house, techno, jazz, funk, rock, pop, hip hop, hiphop, boom bap, drill, "
            "dubstep, trance, ambient, disco, reggae, dub, ska, bossa nova, bossa, samba, salsa, latin, "
            "metal, punk, folk, country, blues, bluesy, soul, rnb, r b, gospel, edm, garage, dnb, "
            "drum and bass, drum n bass, jungle, breakbeat, classical, baroque, cinematic, orchestral, "
            "synthwave, reggaeton, afrobeat, afrobeats, amapiano, motown, swing jazz, big band, "
            "bebop, phonk, vaporwave, chillhop, jazzy, funky, chill, indie, electro, flamenco, tango, "
            "reggaetón, dembow, dancehall, grunge, shoegaze, electronic, dance, four on the floor, walking, "
            "celtic, klezmer, bluegrass, industrial, minimal, downtempo, neo soul, trip hop, polka, ragtime"
        ),
        "SOMETHING": "something, anything, sth, ideas, idea",
        # all of it
        "WHOLE": (
            "it, everything, all, playback, project, mix, whole thing, this, that, them, these, those, "
            "session, thing, master, part, both, everyone, rest, sound, others, whole, now, here"
        ),
        "ALONE": "only, alone, on its own, by itself, on their own, by themselves, nothing but, in solo",
        "PRAISE": "nice, great, love, awesome, cool, amazing, sick, dope, beautiful, perfect, lovely, good",
        "MEETING": "meeting, call, chess, football, game, games, guitar hero, movie, video, email, trick",
        # about the program, for questions
        "PRODUCT": (
            "stori, export, import, save, undo, redo, shortcut, shortcuts, plugin, plugins, settings, "
            "preferences, button, menu, tab, toolbar, install, account, subscription, midi file, "
            "midi files, wav, mp3, stem, stems, bounce, playhead, region, metronome, midi keyboard, "
            "audio interface, record, recording, panel, window, daw, app, program, software, "
            "license, autosave, backup, click track, timeline, knob, file, files, key command, "
            "hotkey, hotkeys, collaborate, latency, buffer, vst, au, count in, loop region, clip, "
            "undo history, manual, documentation, docs, tutorial, download, share, template, render"
        ),
        "OPERATION": (
            "project, session, track, tracks, tempo, quantize, quantise, automation, automate, bus, send, "
            "loop, zoom, volume, "
            "pan, mute, solo, swing, color, colour, icon, rename, effect, effects, reverb, compressor, eq, "
            "plugin, midi, audio, note, notes, sample, samples, instrument, transpose, duplicate, copy, "
            "delete, undo, cut, split, pitch bend, cc, aftertouch, sustain pedal, mod wheel, key signature, "
            "time signature, velocity, variation, variations, vocals, generate, stori, marker, markers, "
            "tracks, playback, insert, sidechain, fade, automating, muting, generation"
        ),
    }
)
"""What a word or phrase may stand for; regular plurals are understood."""

PLAIN = listed(
    "one percent hz khz ms semitone semitones step steps octave octaves tone "
    "the a an my our your this that these those some any its his her their to on onto into in of for from "
    "at with under over by after before between through and or but not no more less much many bit little "
    "lot very too so then than there here me us you i we he she they them it is are was were be been am do "
    "does did can could will would shall should may might must have has had if as up down out off about "
    "again back also even still only ever never just really please thanks thank hello hey hi ok okay yes "
    "no yeah what which who whom whose where when why how whats wheres hows whos tell explain describe "
    "define teach understand know mean means difference wonder wondering think feel feels sound sounds "
    "sounding look looks seem seems like want wants need needs mind try instead quite kind sort maybe "
    "perhaps enough around ive weve youve im were id ill got dont doesnt isnt arent wont cant far along "
    "ahead together forward forwards backward backwards across second first third last next previous same "
    "different other "
    "halfway throughout until till while because since somewhere wrong better worse best"
)
"""Words that join the others; with the lexicon's, what a misspelt word is repaired to."""

# Reference §2's filler phrases and their like; taken out as whole words, longest first.
FILLERS = (
    "please, pls, thanks, thank you, thanks a lot, thx, cheers, hey, hey there, hi, hi there, hello, "
    "hello there, "
    "yo, ok, okay, ok so, alright, all right, right then, um, umm, uh, uhh, hmm, hm, mm, er, erm, ah, oh, aha, "
    "well, so, now, then, and then, just, really, pretty, very, actually, basically, literally, honestly, "
    "maybe, "
    "perhaps, possibly, kindly, quickly, real quick, simply, you know, i mean, kind of, kinda, sort of, sorta, "
    "a bit of, a bit, bit of, a little bit of, a little bit, a little, little bit, a tad, a touch, a touch of, "
    "slightly, somewhat, a lot, way, even, still, super, like, man, dude, bro, mate, buddy, guys, folks, "
    "my friend, "
    "sir, friend, for me, for us, if you can, if you could, if possible, if you dont mind, if you would, "
    "if thats ok, when you can, when you have a moment, when you get a chance, right now, for a second, "
    "for a sec, "
    "for a moment, for a minute, for now, real, wait, ok cool, "
    "quick question, i think, i guess, i feel like, i feel, i suppose, in my opinion, to be honest, tbh, "
    "imo, lol, haha, hah, anyway, anyways, by the way, btw, also, a couple of, good morning, "
    "good evening, good afternoon, morning, evening, dear, assistant, maestro, at all, once more, a second, "
    "a whole lot, quite, somehow, exactly, again please, asap, ya, yeah, yes, yep, no, nah, sorry, "
    "go ahead and, real fast, one more thing, next, first, "
    "first of all, finally, lastly, ideally, for starters, would be, ty, gonna, tiny bit, wee bit, smidge, "
    "hair, "
    "more or less, whatever, totally, absolutely, definitely, certainly, of course, bit, a smidge"
)

DEFINITE = listed("the my our your this that these those its his her their all every each")
INDEFINITE = listed("a an some another any new more extra two three four few")
PREPOSITIONS = listed(
    "to on onto into in of for from at with under over that which by after before between through where "
    "when called named using so and or as around during across behind -> like titled labeled labelled "
    "because until while inside within along then but plus throughout per via out"
)
MODES = listed(
    "major minor maj min dorian phrygian lydian mixolydian aeolian locrian ionian pentatonic"
)


@cache
def phrases() -> Mapping[tuple[str, ...], frozenset[str]]:
    """The lexicon turned round: phrase to all it may stand for."""
    kinds: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for kind, row in LEXICON.items():
        for phrase in row.split(", "):
            kinds[tuple(phrase.split())].add(kind)
    return {phrase: frozenset(found) for phrase, found in kinds.items()}
