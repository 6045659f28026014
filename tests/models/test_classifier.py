"""The Orpheus classifier against x-transformers, its files, and verdicts of every classifier."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from scipy import optimize, stats
from tests.models.released import Weights, classifier_weights, released_weights
from torch import Tensor

from workbench.errors import CheckpointError, RequestError, RunnerError
from workbench.models import (
    Classifier,
    GenerationRequest,
    Verdict,
    encode_score,
    load_classifier,
    load_runner,
)
from workbench.models.checkpoints import load_checkpoint, load_classifier_checkpoint
from workbench.models.classifiers.pocket import FEATURES, WEIGHTS, PocketClassifier, hear
from workbench.models.nets.classifier import OrpheusClassifier, OrpheusClassifierConfig
from workbench.models.runners.pocket import PocketRunner
from workbench.models.training.classifier import (
    ClassifierRecipe,
    Sample,
    Source,
    _auc,
    _told,
    fit,
    sources,
)
from workbench.models.training.classifier_card import write_classifier_card
from workbench.score import Note, ProgramChange, Score, Tempo, Track, joined, transpose

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit.script, at its import
    from x_transformers import Encoder, TransformerWrapper

WIDTH, LAYERS, HEADS = 192, 3, 2  # 64 · heads below the width, as in the released one
TOLERANCE = 1e-3  # of log-odds up to 5, in float32
PAD = 18_818


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("released") / "file.pth"
    torch.save(classifier_weights(width=WIDTH, layers=LAYERS, heads=HEADS), path)
    return path


@pytest.fixture(scope="module")
def net(checkpoint: Path) -> OrpheusClassifier:
    return load_classifier_checkpoint(checkpoint)


@pytest.fixture(scope="module")
def reference(checkpoint: Path) -> TransformerWrapper:
    """As the author builds it: an encoder, answering through the class token."""
    model = TransformerWrapper(
        num_tokens=PAD + 1,
        max_seq_len=1024,
        logits_dim=1,
        use_cls_token=True,
        squeeze_out_last_dim=True,
        attn_layers=Encoder(dim=WIDTH, depth=LAYERS, heads=HEADS, attn_flash=True),
    )
    model.load_state_dict(torch.load(checkpoint, weights_only=True))
    return model.eval()


def some_ids(*shape: int, seed: int = 0) -> Tensor:
    return torch.randint(PAD, shape, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------------- against x-transformers


@torch.inference_mode()
@pytest.mark.parametrize("time", [1, 10, 333, 1024])
def test_log_odds_are_equal(
    time: int, net: OrpheusClassifier, reference: TransformerWrapper
) -> None:
    ids = some_ids(4, time)
    expected = reference(ids)
    assert expected.shape == (4,)
    assert expected.std() > 0.1  # the random weights say something
    assert (net(ids).logits[:, 0] - expected).abs().max() < TOLERANCE


@torch.inference_mode()
@pytest.mark.parametrize("lengths", [(1024, 700, 11), (40, 1, 39)])
def test_log_odds_are_equal_in_padded_batches_and_alone(
    lengths: tuple[int, ...], net: OrpheusClassifier, reference: TransformerWrapper
) -> None:
    ids, time = some_ids(3, max(lengths)), torch.arange(max(lengths))
    real = time < torch.tensor(lengths)[:, None]
    padded = torch.where(real, ids, PAD)
    ours = net(padded, real).logits[:, 0]
    assert (ours - reference(padded, mask=real)).abs().max() < TOLERANCE
    alone = torch.stack(
        [net(row[None, :n]).logits[0, 0] for row, n in zip(ids, lengths, strict=True)]
    )
    assert (ours - alone).abs().max() < TOLERANCE


@torch.inference_mode()
def test_different_music_gets_different_answers(net: OrpheusClassifier) -> None:
    """Under a causal mask the class token, which comes first, would see only itself."""
    ids = some_ids(1, 200)
    last, order = ids.clone(), ids.flip(1)
    last[0, -1] = (last[0, -1] + 1) % PAD
    answers = torch.cat([net(given).logits for given in (ids, last, order)])
    assert (answers[0] - answers[1:]).abs().min() > 1e-4


def test_the_released_sizes() -> None:
    """As many numbers as the layout's table says: 8 layers of 4 · 512 · 1024 and 8 · 1024² weights."""
    with torch.device("meta"):
        net = OrpheusClassifier(OrpheusClassifierConfig())
    layer = 4 * 512 * 1024 + 8 * 1024**2 + (4 + 1 + 2) * 1024
    outside = (18_819 + 1024 + 1 + 1 + 1) * 1024  # tokens, positions, class token, norm, head
    assert sum(p.numel() for p in net.parameters()) == 8 * layer + outside


# ---------------------------------------------------------------------- files


def same(one: OrpheusClassifier, other: OrpheusClassifier) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_safetensors_and_our_own_folder_load_to_the_same_network(
    checkpoint: Path, net: OrpheusClassifier, tmp_path: Path
) -> None:
    save_file(torch.load(checkpoint, weights_only=True), tmp_path / "file.safetensors")
    net.save_pretrained(tmp_path / "saved")
    for path in (
        tmp_path / "file.safetensors",
        tmp_path / "saved",
        tmp_path / "saved" / "model.safetensors",
    ):
        assert same(load_classifier_checkpoint(path), net)
    assert same(OrpheusClassifier.from_pretrained(tmp_path / "saved"), net)
    with pytest.raises(CheckpointError, match="is the Orpheus classifier"):
        load_checkpoint(tmp_path / "saved")


def without(weights: Weights, key: str) -> Weights:
    return {name: tensor for name, tensor in weights.items() if name != key}


REFUSED = {
    "generator": (released_weights(), "is an Orpheus generator, which composes and cannot judge"),
    "missing": (
        without(classifier_weights(), "pos_emb.emb.weight"),
        "has no matrix positions.weight",
    ),
    "no class token": (
        without(classifier_weights(), "cls_token"),
        "lacks 1 of 25 tensors, such as class_token",
    ),
    "vocabulary": (
        {**classifier_weights(), "token_emb.emb.weight": torch.zeros(18_820, 128)},
        "has a vocabulary of 18820 tokens, the Orpheus classifier has 18819",
    ),
    "shape": (
        {**classifier_weights(), "to_logits.weight": torch.zeros(2, 128)},
        r"head.weight must be floats of shape \(1, 128\), got torch.float32 of \(2, 128\)",
    ),
    "another network": ({"wte.weight": torch.zeros(3, 3)}, "is not an Orpheus checkpoint"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_wrong_kind_is_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    weights, sentence = REFUSED[case]
    torch.save(weights, tmp_path / "file.pth")
    with pytest.raises(
        CheckpointError, match=rf"^file\.pth {sentence}|^file.pth: {sentence}"
    ) as error:
        load_classifier_checkpoint(tmp_path / "file.pth")
    assert "\n" not in str(error.value)


def test_a_generator_of_our_own_layout_is_named_too(tmp_path: Path) -> None:
    torch.save(released_weights(), tmp_path / "file.pth")
    load_checkpoint(tmp_path / "file.pth").save_pretrained(tmp_path / "saved")
    with pytest.raises(CheckpointError, match=r"^saved is an Orpheus generator"):
        load_classifier_checkpoint(tmp_path / "saved")


def test_a_module_with_code_in_it_is_refused_unread(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "file.pth")
    with pytest.raises(CheckpointError, match="is a pickle with code in it"):
        load_classifier_checkpoint(tmp_path / "file.pth")


def test_a_path_without_a_file() -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint at nowhere\.pth: expected a \.pth"):
        load_classifier_checkpoint("nowhere.pth")


# ---------------------------------------------------------------------- verdicts


def tune(*pitches: int, channel: int = 0, step_ticks: int = 240) -> Score:
    notes = [
        Note(i * step_ticks, pitch, step_ticks, channel=channel) for i, pitch in enumerate(pitches)
    ]
    return Score(tracks=(Track(notes=tuple(notes)),))


LADDER = (60, 64, 62, 65, 64, 67, 65, 69, 67, 71, 69, 72, 71, 67, 64, 60)


@pytest.fixture(scope="module")
def stand_in() -> PocketClassifier:
    return PocketClassifier()


@pytest.fixture(scope="module", params=["pocket", "orpheus-classifier"])
def classifier(request: pytest.FixtureRequest, checkpoint: Path) -> Classifier:
    options = {} if request.param == "pocket" else {"checkpoint": checkpoint}
    return load_classifier(request.param, **options)


@pytest.fixture(scope="module")
def band() -> Score:
    """Bass, chords and melody by rule, over drums."""
    asked = GenerationRequest(
        style="rock", roles=("drums", "bass", "chords", "melody"), bars=4, num_variations=1
    )
    return load_runner("grammar").generate(asked).scores[0]


@given(st.floats(0, 1), st.integers(10, 1024))
def test_a_verdict_agrees_with_itself(human: float, num_tokens: int) -> None:
    verdict = Verdict.of(human, num_tokens)
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    assert set(verdict.probabilities) == {"human", "ai"}
    assert verdict.is_human == (verdict.probabilities["human"] > 0.5)
    assert verdict.confidence == max(verdict.probabilities.values())
    assert verdict.num_tokens == num_tokens


def test_the_same_music_gets_the_same_verdict_from_any_thread(
    classifier: Classifier, band: Score
) -> None:
    pieces = [band, tune(*LADDER), tune(*reversed(LADDER))]
    alone = [classifier.classify(piece) for piece in pieces]
    assert len({verdict.confidence for verdict in alone}) == 3
    with ThreadPoolExecutor(4) as callers:
        assert list(callers.map(classifier.classify, pieces * 3)) == alone * 3


def test_ten_tokens_are_enough_and_fewer_are_refused(classifier: Classifier) -> None:
    chord = tuple(Note(0, pitch, 480) for pitch in (60, 64, 67, 72))
    four, three = (Score(tracks=(Track(notes=chord[:count]),)) for count in (4, 3))
    assert classifier.classify(four).num_tokens == 10
    with pytest.raises(RequestError, match="at least 10 tokens of music, about four notes; got 8"):
        classifier.classify(three)


def test_the_checkpoint_reads_the_first_1024_tokens(checkpoint: Path) -> None:
    judge = load_classifier("orpheus-classifier", checkpoint=checkpoint)
    long = tune(*LADDER * 30)
    same_start = tune(*LADDER * 29, *reversed(LADDER))
    verdict = judge.classify(long)
    assert verdict.num_tokens == 1024
    assert judge.classify(same_start) == verdict
    tokens = encode_score(long, grid_time=False)[:1024]
    log_odds = load_classifier_checkpoint(checkpoint)(torch.tensor([tokens])).logits.item()
    assert verdict.probabilities["human"] == pytest.approx(1 / (1 + np.exp(-log_odds)))


def test_names_and_options_that_are_not_known_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        RunnerError, match="no classifier is called 'grammar'; known are pocket, orph"
    ):
        load_classifier("grammar")
    with pytest.raises(
        RunnerError, match=r"orpheus-classifier does not take these options: .*chekp"
    ):
        load_classifier("orpheus-classifier", chekpoint=tmp_path)
    with pytest.raises(CheckpointError, match=r"no classifier's weights in .*; expected"):
        load_classifier("pocket", folder=tmp_path)


# ---------------------------------------------------------------------- the stand-in


def test_drums_alone_are_refused_and_under_music_passed_over(
    stand_in: PocketClassifier, band: Score
) -> None:
    drums = [track for track in band.tracks if track.is_drums]
    with pytest.raises(
        RequestError, match=r"has heard no human drums.*load orpheus-classifier with"
    ):
        stand_in.classify(replace(band, tracks=tuple(drums)))
    others = tuple(track for track in band.tracks if not track.is_drums)
    assert drums
    assert stand_in.classify(replace(band, tracks=others)) == stand_in.classify(band)


def test_what_tells_only_the_file_apart_changes_nothing(
    stand_in: PocketClassifier, band: Score
) -> None:
    verdict = stand_in.classify(band)

    def retold(track: Track) -> Track:
        notes = (
            replace(note, velocity=1 + note.pitch, duration_ticks=30 + note.pitch)
            for note in track.notes
        )
        programs = (ProgramChange(0, 56, track.notes[0].channel),)
        return Track("other", tuple(sorted(notes)), programs)

    retold_band = Score(
        tracks=tuple(map(retold, reversed(band.tracks))), tempos=(Tempo.of_bpm(83),)
    )
    assert stand_in.classify(retold_band) == verdict
    for semitones in (-5, 3, 6):
        assert stand_in.classify(transpose(band, semitones)) == verdict


def test_only_the_first_eight_bars_count(stand_in: PocketClassifier, band: Score) -> None:
    """What comes after them does not even decide the key."""
    eight = joined(band, band)
    after = transpose(band, 1)
    verdict = stand_in.classify(eight)
    assert stand_in.classify(joined(eight, after, after, after)) == verdict
    assert stand_in.classify(joined(band, after)) != verdict


def test_a_very_dense_piece_is_read_as_far_as_the_network_can(stand_in: PocketClassifier) -> None:
    walls = [Note(step * 120, pitch, 120) for step in range(128) for pitch in range(48, 72, 2)]
    verdict = stand_in.classify(Score(tracks=(Track(notes=tuple(walls)),)))
    assert 1024 < verdict.num_tokens <= 2048


def test_long_rests_do_not_matter(stand_in: PocketClassifier) -> None:
    """Tokens cannot write a rest of two bars: it loses whole bars."""
    early = tune(*LADDER[:8])
    late = [replace(note, start_ticks=note.start_ticks + 5 * 1920) for note in early.notes]
    verdict = stand_in.classify(Score(tracks=(Track(notes=(*early.notes, *late)),)))
    assert verdict.num_tokens == 1 + 3 * 16


def test_music_without_a_beat_is_refused(stand_in: PocketClassifier) -> None:
    rng = np.random.default_rng(0)
    starts = np.sort(rng.integers(0, 20_000, 60)).tolist()
    notes = tuple(sorted(Note(start, int(rng.integers(60, 72)), 100) for start in starts))
    with pytest.raises(RequestError, match="needs the piece's beat"):
        stand_in.classify(Score(tracks=(Track(notes=notes),)))


@pytest.mark.slow
def test_folk_tunes_and_the_pocket_model_are_told_apart() -> None:
    """Held-out tunes and held-out styles: by chance, 8 over 8 reach .8 less than once in forty."""
    recipe = ClassifierRecipe(seed=5, held_out=12, melodies=3)
    found = {source.name: source for source in sources(recipe, load_runner("pocket"))}
    judge = PocketClassifier()

    def human(name: str) -> Iterator[float]:
        assert not found[name].is_fitted
        for window in found[name].windows():
            with suppress(RequestError):  # now and then, swing hides the beat
                yield judge.classify(window).probabilities["human"]

    folk = list(islice(human("Ryan's tunes, held out"), 8))
    machine = list(islice(human("pocket, melody, held-out styles"), 8))
    assert len(folk) == len(machine) == 8
    assert _auc(np.array(folk), np.array(machine)) > 0.8


def test_the_shipped_files_belong_together(tmp_path: Path, stand_in: PocketClassifier) -> None:
    for name in ("model.json", "report.json"):
        shutil.copy(WEIGHTS / name, tmp_path)
    write_classifier_card(tmp_path)
    assert (tmp_path / "CARD.md").read_text() == (WEIGHTS / "CARD.md").read_text()
    assert stand_in.weights_sha256 in (tmp_path / "CARD.md").read_text()
    assert json.loads((WEIGHTS / "model.json").read_text())["network_sha256"] == (
        PocketRunner().info.sha256
    )


def test_weights_for_another_network_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    model = json.loads((WEIGHTS / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**model, "network_sha256": "0" * 64}))
    with pytest.raises(
        CheckpointError, match="was fitted with the pocket network 000000000000…, and"
    ):
        PocketClassifier(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({**model, "features": {}}))
    with pytest.raises(CheckpointError, match="is not a classifier of this package"):
        PocketClassifier(tmp_path)


def test_features_of_a_melody_that_can_be_counted_by_hand() -> None:
    """Two equal bars: C C D E, then a leap of a ninth, on quarters but for one sixteenth pickup."""
    bar = [(0, 60), (4, 60), (8, 62), (11, 64), (12, 76)]
    notes = [Note((16 * again + step) * 120, pitch, 60) for again in (0, 1) for step, pitch in bar]
    heard = hear(Score(tracks=(Track(notes=tuple(notes)),)), PocketRunner())
    value = {name: measure(heard) for name, (_, measure) in FEATURES.items()}
    assert value["in_key"] == 1
    assert value["held"] == pytest.approx(2 / 9)
    assert value["steps"] == pytest.approx(4 / 9)
    assert value["leaps"] == pytest.approx(3 / 9)
    assert value["bars_again"] == value["rhythms_again"] == 1
    scores = PocketRunner().score(encode_tokens_of(heard)).logprobs
    assert value["what"] == pytest.approx(float(scores[1::3].mean()), abs=1e-5)
    assert value["when"] == pytest.approx(float(scores[3::3].mean()), abs=1e-5)


def encode_tokens_of(heard: object) -> list[int]:
    """The ten notes as the network was taught to read them: flute, one loudness, up to the next."""
    tokens, bar = [18816], [(0, 60), (4, 60), (8, 62), (11, 64), (12, 76)]
    steps = [16 * again + step for again in (0, 1) for step, _ in bar]
    ends = [*steps[1:], 32]
    for i, (step, end) in enumerate(zip(steps, ends, strict=True)):
        delta = 8 * (step - steps[i - 1]) if i else 0
        tokens += [delta, 256 + 73 * 128 + bar[i % 5][1], 16768 + 8 * (8 * (end - step)) + 5]
    return tokens


# ---------------------------------------------------------------------- fitting


def sample(name: str, rows: object, *, human: bool, fitted: bool = True) -> Sample:
    return Sample(
        Source(name=name, is_human=human, is_fitted=fitted, windows=tuple),
        np.asarray(rows, float),
        0,
    )


def test_the_fit_is_the_one_an_optimiser_finds() -> None:
    """Newton's method against scipy on the same penalised likelihood, sources of unequal sizes."""
    rng = np.random.default_rng(0)
    width = len(FEATURES)
    sizes = ((60, True), (20, True), (90, False))
    groups = [
        sample(str(i), rng.normal(0.3 * i, 1 + i, (count, width)), human=human)
        for i, (count, human) in enumerate(sizes)
    ]
    unseen = sample("unseen", rng.normal(9, 1, (50, width)), human=True, fitted=False)
    ours = fit([*groups, unseen], ridge=2.0)
    rows = np.concatenate([group.rows for group in groups])
    standard = (rows - rows.mean(0)) / rows.std(0)
    sign = np.repeat([1.0, 1.0, -1.0], [60, 20, 90])
    weight = np.repeat([170 / 4 / 60, 170 / 4 / 20, 170 / 2 / 90], [60, 20, 90])

    def loss(solution: np.ndarray) -> float:
        margin = sign * (solution[0] + standard @ solution[1:])
        return float(weight @ np.logaddexp(0, -margin) + 2.0 / 2 * (solution[1:] ** 2).sum())

    theirs = optimize.minimize(loss, np.zeros(width + 1), method="BFGS", options={"gtol": 1e-7}).x
    assert np.allclose([ours.intercept, *ours.coefficients], theirs, atol=1e-4)
    assert ours.probability(ours.means) == pytest.approx(1 / (1 + np.exp(-theirs[0])), abs=1e-4)


def test_a_missing_feature_counts_as_average() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(0, 1, (40, len(FEATURES)))
    rows[:20] += 1
    logistic = fit([sample("h", rows[:20], human=True), sample("m", rows[20:], human=False)], 1.0)
    holey, filled = rows[0].copy(), rows[0].copy()
    holey[3], filled[3] = np.nan, logistic.means[3]
    assert logistic.probability(holey) == pytest.approx(logistic.probability(filled))


def test_figures_agree_with_scipy() -> None:
    rng = np.random.default_rng(2)
    human, machine = rng.integers(3, 9, 30) / 10, rng.integers(0, 7, 25) / 10
    u = stats.mannwhitneyu(human, machine).statistic
    assert _auc(human, machine) == pytest.approx(u / 750)
    told = _told(machine, is_human=False)
    right = int((machine <= 0.5).sum())
    theirs = stats.binomtest(right, 25).proportion_ci(method="wilson")
    assert told["right"] == pytest.approx(right / 25, abs=1e-3)
    assert told["right_interval"] == pytest.approx(list(theirs), abs=1e-3)
