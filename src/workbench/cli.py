"""The command line: every command wires rooms together and says what it did.

Results go to files, progress to stderr (only on a terminal), errors are one sentence, and the exit
code is 0 only on success: 1 for what went wrong, 2 for a command that was not understood, 130 for
stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from workbench.errors import RequestError, WorkbenchError
from workbench.models import (
    CancelToken,
    Classifier,
    GenerationRequest,
    GenerationResult,
    Progress,
    Runner,
    load_classifier,
    load_runner,
    runner_names,
)
from workbench.models.vocabulary import DRUM_PATCH
from workbench.score import Score, parse_key, program_named
from workbench.settings import read_settings

if TYPE_CHECKING:
    from workbench.daw import Project
    from workbench.planner import Planned, PlanStep
    from workbench.prompt import Prompt

INTENT_GATE = 0.97  # of the unambiguous utterances
STOPPED = 130  # what shells report for a program ended by Ctrl-C
OTHERS = {"remote": "composes where `workbench serve` runs"}  # runners of rooms above models


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    try:
        arguments = _parser().parse_args(argv)
        return int(arguments.run(arguments) or 0)
    except WorkbenchError as error:
        print(f"workbench: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # who read us has read enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"workbench: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("workbench: stopped", file=sys.stderr)
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workbench", description="A research workbench for symbolic music generation."
    )
    parser.add_argument("--version", action="version", version=f"workbench {version('workbench')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (_add_demo, _add_lab, _add_generate, _add_plan, _add_compose, _add_sweep, _add_eval,
                _add_train, _add_models, _add_serve, _add_mcp, _add_doctor):  # fmt: skip
        add(commands)
    return parser


def _command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int | None],
    says: str,
    example: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=says,
        description=says,
        epilog=f"example: workbench {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


# generate


def _add_generate(commands: Any) -> None:
    add = _command(
        commands, "generate", _generate, "Compose loops and write them as MIDI files.",
        "generate --style funk --bars 4 --tempo 100 --variations 8 --seed 1 --out loops",
    ).add_argument  # fmt: skip
    add("--runner", default=read_settings().runner, help=f"one of {', '.join(runner_names())}")
    add("--checkpoint", type=Path, help="weights file for an orpheus runner")
    add("--style", help="such as funk, house, bossa-nova")
    add("--bars", type=int, help="length in bars, the prime's included")
    add("--tempo", type=float, dest="tempo_bpm", metavar="BPM", help="20 to 300")
    add(
        "--variations", type=int, default=8, dest="num_variations", metavar="N",
        help="1 to 32, composed as one batch; 8 when not said",
    )  # fmt: skip
    add("--seed", type=int, default=0, help="the same seed gives the same loops; 0 when not said")
    add("--prime", type=Path, metavar="MIDI", help="a MIDI file to go on from")
    add(
        "--prime-tempo", type=float, dest="prime_tempo_bpm", metavar="BPM",
        help="the prime's tempo, where its own tempo map is not to be believed",
    )  # fmt: skip
    add("--roles", type=_words, help="parts, such as drums,bass,'tenor sax'")
    add("--key", help="such as C, Am, F#m")
    add("--drums-only", action="store_true", help="nothing but the drum kit")
    add("--instruments", type=_programs, help="allowed programs by name or number; 128 is the kit")
    add("--pitch-range", type=_pair, metavar="LOW-HIGH", help="of the pitched parts, such as 36-84")
    add("--scale", type=_scale, help="pitch classes 0,2,4,… or a key such as 'D dorian'")
    add("--max-polyphony", type=int, help="most pitched notes at once")
    add("--grid", type=int, help="onsets on multiples of this note value: 4, 8, 16, 32, 12, 24")
    add("--temperature", type=float, help="0 (greedy) to 2; as tuned when not said")
    add("--top-p", type=float, help="0 (greedy) to 1 (off)")
    add("--top-k", type=int, help="at least 1")
    add("--min-p", type=float, help="0 (off) to 1: share of the likeliest token's probability")
    add(
        "--max-tokens",
        type=int,
        help="new tokens a variation; as many as the bars take when not said",
    )
    add("--out", type=Path, required=True, metavar="DIR", help="for the MIDI files and record.json")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _programs(text: str) -> tuple[int, ...]:
    return tuple(int(word) if word.isdigit() else program_named(word) for word in _words(text))


def _pair(text: str) -> tuple[int, int]:
    low, high = text.split("-")
    return int(low), int(high)


def _scale(text: str) -> tuple[int, ...]:
    if text[:1].isdigit():
        return tuple(int(word) for word in _words(text))
    return parse_key(text).pitch_classes


def _generate(arguments: argparse.Namespace) -> int:
    request = _request(arguments)
    _make_folder(arguments.out)
    runner = _runner(arguments)
    with _stoppable() as cancel, _bar(request) as show:
        result = runner.generate(request, cancel=cancel, on_progress=show)
    write_result(result, arguments.out)
    stopped = any(variation.stop_reason == "stopped" for variation in result.variations)
    print(
        f"{len(result.variations)} variations{' (stopped)' if stopped else ''} in {arguments.out}"
    )
    return STOPPED if stopped else 0


def _runner(arguments: argparse.Namespace) -> Runner:
    options = {"checkpoint": arguments.checkpoint} if arguments.checkpoint else {}
    return load_runner(arguments.runner, **options)


def _request(arguments: argparse.Namespace) -> GenerationRequest:
    fields = {
        name: getattr(arguments, name)
        for name in GenerationRequest.__dataclass_fields__
        if hasattr(arguments, name)
    }
    if arguments.prime is not None:
        fields["prime"] = Score.from_midi(arguments.prime)
    if arguments.drums_only:
        if fields["roles"] not in (None, ("drums",)):
            raise RequestError("--drums-only leaves no room for --roles; give one of them")
        fields |= {"roles": ("drums",), "instruments": (DRUM_PATCH,)}
    return GenerationRequest(**fields)


def _make_folder(folder: Path) -> None:
    """Find out before composing whether results can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RequestError(
            f"cannot write to {folder}: {error.strerror}; choose another --out folder"
        ) from error


def write_result(result: GenerationResult, folder: Path) -> None:
    """Write `variation-NN.mid` (from 01) and `record.json`."""
    for variation in result.variations:
        (folder / f"variation-{variation.index + 1:02d}.mid").write_bytes(variation.score.to_midi())
    variations = [
        {
            "file": f"variation-{variation.index + 1:02d}.mid",
            "stop_reason": variation.stop_reason,
            "bars": variation.score.length_ticks / 1920,
            "tokens": list(variation.tokens),
            "mean_surprise_nats": _mean(-variation.logprobs),
            "mean_removed_mass": {name: _mean(mass) for name, mass in variation.removed.items()},
        }
        for variation in result.variations
    ]
    record = {**result.record, "variations": variations, "timings": dict(result.timings)}
    (folder / "record.json").write_text(json.dumps(record, indent=1) + "\n")


def _mean(values: Any) -> float | None:
    return round(float(values.mean()), 5) if len(values) else None


@contextmanager
def _stoppable() -> Iterator[CancelToken]:
    """Ctrl-C asks the runner to stop and keep what it has; a second one ends the program."""
    cancel = CancelToken()

    def stop(_signal: int, _frame: object) -> None:
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(request: GenerationRequest) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on a terminal, nothing in a pipe."""
    unit = "bar" if request.bars else "token"
    total = request.num_variations * (request.bars or 0)
    with tqdm(total=total or None, unit=unit, disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(progress: Progress) -> None:
            bar.n = sum(progress.bars if request.bars else progress.tokens)
            bar.refresh()

        yield show


# plan and compose


def _add_plan(commands: Any) -> None:
    parser = _command(
        commands, "plan", _plan, "What a STORI PROMPT would do: steps and tool calls.",
        "plan prompt.txt",
    )  # fmt: skip
    parser.add_argument("prompt", type=Path, help="a file, or - for standard input")
    parser.add_argument("--json", action="store_true", help="everything, for programs")


def _add_compose(commands: Any) -> None:
    add = _command(
        commands, "compose", _compose, "Compose what a STORI PROMPT asks for, without a chat model.",
        "compose prompt.txt --out song",
    ).add_argument  # fmt: skip
    add("prompt", type=Path, help="a file, or - for standard input")
    add("--runner", default=read_settings().runner, help=f"one of {', '.join(runner_names())}")
    add("--checkpoint", type=Path, help="weights file for an orpheus runner")
    add("--seed", type=int, default=0, help="the same seed gives the same song; 0 when not said")
    add("--out", type=Path, required=True, metavar="DIR",
        help="for song.mid, project.json and plan.json")  # fmt: skip


def _plan(arguments: argparse.Namespace) -> None:
    from workbench.planner import planned_or_why_not, read_prompt

    prompt = read_prompt(_text(arguments.prompt))
    planned = planned_or_why_not(prompt)
    if arguments.json:
        print(json.dumps(planned.as_dict(), indent=1, ensure_ascii=False))
        return
    print(planned.title)
    for step in planned.steps:
        print(f"{step.step_id:>3}. {step.label}{f' ({step.detail})' if step.detail else ''}")
    print("\nCalls:")
    for call in planned.calls:
        print(f"  {call.name} {json.dumps(dict(call.params), ensure_ascii=False)}")
    _remarks(prompt, planned)


def _compose(arguments: argparse.Namespace) -> int:
    from workbench.planner import compose_prompt, planned_or_why_not, read_prompt

    prompt = read_prompt(_text(arguments.prompt))
    planned = planned_or_why_not(prompt)  # before the runner is loaded
    _make_folder(arguments.out)
    runner = _runner(arguments)
    with _stoppable() as cancel:
        song = compose_prompt(
            prompt, runner, seed=arguments.seed, cancel=cancel, on_step=_step_line
        )
    (arguments.out / "song.mid").write_bytes(song.score.to_midi())
    song.project.save(arguments.out / "project.json")
    told = json.dumps(song.as_dict(), indent=1, ensure_ascii=False)
    (arguments.out / "plan.json").write_text(told + "\n")
    for track, effects in song.effects.items():
        print(f"{track}: {', '.join(effects) or 'no effects'}")
    _remarks(prompt, planned)
    print(f"{planned.title} in {arguments.out}{' (stopped)' if cancel.cancelled else ''}")
    for step, reason in song.carried.failures:
        print(f"workbench: {step.label}: {reason}", file=sys.stderr)
    return STOPPED if cancel.cancelled else 1 if song.carried.failures else 0


def _text(path: Path) -> str:
    """A file's text, or standard input's for "-"."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"cannot read {path}: {error}; give a text file") from error


def _step_line(step: PlanStep) -> None:
    """Each step as it begins and ends, on a terminal."""
    if sys.stderr.isatty():
        said = f": {step.result}" if step.result else ""
        print(f"{step.status:>9}  {step.label}{said}", file=sys.stderr)


def _remarks(prompt: Prompt, planned: Planned) -> None:
    """What had no effect, on standard error."""
    for remark in prompt.remarks:
        print(f"line {remark.line}: {remark.reason} ({remark.suggestion})", file=sys.stderr)
    for entry in planned.unread:
        print(f"{entry.path}: {entry.reason}", file=sys.stderr)


# demo and lab


def notebooks_folder() -> Path:
    """Where the notebooks are: in the package, or beside it in a clone."""
    inside = Path(__file__).parent / "notebooks"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "notebooks"


def _add_demo(commands: Any) -> None:
    parser = _command(
        commands, "demo", _demo, "Run the tour notebook and write a page that plays offline.",
        "demo --out build/demo.html",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("build/demo.html"), metavar="PAGE",
        help="build/demo.html when not said",
    )  # fmt: skip


def _demo(arguments: argparse.Namespace) -> None:
    from workbench.widgets import export_page, run_notebook

    _make_folder(arguments.out.parent)
    executed = arguments.out.with_suffix(".ipynb")
    run_notebook(notebooks_folder() / "00-tour.ipynb", executed, log=sys.stderr)
    export_page(executed, arguments.out)
    print(arguments.out.resolve())


def _add_lab(commands: Any) -> None:
    parser = _command(
        commands,
        "lab",
        _lab,
        "Open JupyterLab on the tour; notebooks are copied here if absent.",
        "lab",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("notebooks"),
        help="for the notebooks; notebooks/ when not said",
    )
    parser.add_argument("--port", type=int, default=8888, help="8888 when not said")


def _lab(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(notebooks_folder().glob("*.ipynb")):
        if not (folder / notebook.name).exists():
            shutil.copy(notebook, folder / notebook.name)
    jupyter = [
        sys.executable, "-m", "jupyterlab", f"--port={arguments.port}",
        f"--ServerApp.root_dir={folder.resolve()}", "--LabApp.news_url=None",
        f"--ServerApp.allow_root={os.geteuid() == 0}",  # as in most containers; on loopback
        "--LabApp.default_url=/lab/tree/00-tour.ipynb",
    ]  # fmt: skip
    os.execv(sys.executable, jupyter)  # noqa: S606 - becomes JupyterLab, its Ctrl-C and exit code


# serve


def _add_serve(commands: Any) -> None:
    from workbench.service.variants import PORTS

    parser = _command(
        commands, "serve", _serve, "Serve models over HTTP, each service on its port.",
        "serve loops",
    )  # fmt: skip
    add = parser.add_argument
    ports = ", ".join(f"{name} {port}" for name, port in PORTS.items())
    add("services", nargs="+", choices=PORTS, metavar="SERVICE", help=f"with its port: {ports}")
    _add_models_of(parser)
    add("--host", default="127.0.0.1", help="127.0.0.1 when not said; others need a token")
    add("--port", type=int, help="of a single service, in place of its own")
    add("--token", default=read_settings().token, help="that callers must show")


def _add_models_of(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--runner", default=read_settings().runner, help="what composes; shared by all services")
    add("--checkpoint", type=Path, help="weights file for an orpheus runner")
    add("--classifier", default="pocket", help="what judges: pocket or orpheus-classifier")
    add(
        "--classifier-checkpoint",
        type=Path,
        metavar="FILE",
        help="weights of orpheus-classifier; the pulled ones by default",
    )


def _serve(arguments: argparse.Namespace) -> None:
    from workbench.service.classifying import classifier_app
    from workbench.service.generator import generator_app
    from workbench.service.predict import predict_app
    from workbench.service.serving import serve
    from workbench.service.variants import PORTS

    services = list(dict.fromkeys(arguments.services))
    if arguments.port is not None and len(services) > 1:
        raise RequestError("--port is for a single service; several have their own ports")
    token = arguments.token
    apps: dict[int, Any] = {}
    runner = _runner(arguments) if set(services) - {"classifier"} else None
    for name in services:
        port = PORTS[name] if arguments.port is None else arguments.port
        if runner is None or name == "classifier":
            apps[port] = classifier_app(_classifier(arguments), token=token)
        elif name == "generator":
            apps[port] = generator_app(runner, token=token)
        else:
            apps[port] = predict_app(name, runner, token=token)
    serve(apps, host=arguments.host, token=token, on_ready=_say_where)


def _classifier(arguments: argparse.Namespace) -> Classifier:
    """The classifier that a command's options name."""
    checkpoint = arguments.classifier_checkpoint
    return load_classifier(
        arguments.classifier, **({"checkpoint": checkpoint} if checkpoint is not None else {})
    )


def _say_where(url: str) -> None:
    print(f"{url} (what it takes: {url}/docs)", flush=True)


# mcp


def _add_mcp(commands: Any) -> None:
    from workbench.service.variants import ELSEWHERE

    parser = _command(
        commands, "mcp", _mcp,
        "Serve the tools to agents (MCP), on standard input and output.",
        "mcp --uploads midi",
    )  # fmt: skip
    add = parser.add_argument
    add(
        "--http",
        type=int,
        metavar="PORT",
        help="serve on this port instead: MCP's streamable HTTP at /mcp, plain HTTP at /tools",
    )
    _add_models_of(parser)
    add("--uploads", type=Path, metavar="DIR", help="the folder cas_upload_file may read from")
    add("--project", type=Path, metavar="FILE",
        help="the song of the stori_* tools: read at start, written after each change")  # fmt: skip
    for service, option in ELSEWHERE.items():
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            f"--{option}-url", dest=f"{service}_url", metavar="URL",
            help=f"a running {service} service does the work, not this process",
        )  # fmt: skip
        where.add_argument(
            f"--{option}-port", dest=f"{service}_url", type=_local_url, metavar="PORT",
            help="the same, on this machine",
        )  # fmt: skip


def _local_url(port: str) -> str:
    return f"http://127.0.0.1:{int(port)}"


def _mcp(arguments: argparse.Namespace) -> None:
    import anyio

    from workbench.daw import Studio
    from workbench.service.calling import tools_app
    from workbench.service.client import RemoteClassifier, RemoteRunner
    from workbench.service.generation import TOOLS, performers
    from workbench.service.jobs import Jobs
    from workbench.service.mcp import serve_stdio
    from workbench.service.serving import serve
    from workbench.service.tools import Workroom
    from workbench.service.variants import ELSEWHERE
    from workbench.store import Store

    urls = {service: url for service in ELSEWHERE if (url := getattr(arguments, f"{service}_url"))}
    judging = urls.pop("classifier", None)
    classifier = RemoteClassifier(judging) if judging else _classifier(arguments)
    runners: dict[str, Runner] = {service: RemoteRunner(url) for service, url in urls.items()}
    if missing := {tool.service for tool in TOOLS.values()} - set(runners):
        runners |= dict.fromkeys(missing, _runner(arguments))
    with closing(Store.open()) as store, Jobs(store, performers(store, runners)) as jobs:
        store.blobs.sweep_temporaries()
        studio = Studio(_song(arguments.project), runner=runners["base"])
        if arguments.project is not None:
            studio.on_change(lambda song: song.save(arguments.project))
        room = Workroom(jobs, classifier, arguments.uploads, studio)
        if arguments.http is None:
            anyio.run(serve_stdio, room)
        else:
            app = tools_app(room)
            serve({arguments.http: app}, host="127.0.0.1", token=None, on_ready=_say_where)


def _song(path: Path | None) -> Project | None:
    """The song of a file; None where there is no such file yet."""
    from workbench.daw import Project

    return Project.load(path) if path is not None and path.exists() else None


# sweep


def _add_sweep(commands: Any) -> None:
    parser = _command(
        commands, "sweep", _sweep, "Run an experiment's sweep; an interrupted one goes on.",
        "sweep experiments/loop-temperature/",
    )  # fmt: skip
    parser.add_argument("experiment", type=Path, help="a folder with sweep.yaml")
    parser.add_argument("--workers", type=int, help="processes on this machine")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster")


def _sweep(arguments: argparse.Namespace) -> int:
    from workbench.sweeps import run_experiment

    experiment = run_experiment(
        arguments.experiment, workers=arguments.workers, scheduler=arguments.scheduler
    )
    print(experiment.summary)
    return STOPPED if experiment.result.stopped else 0


# eval and train


def _add_eval(commands: Any) -> None:
    whats = commands.add_parser("eval", help="Measure a model.").add_subparsers(
        metavar="WHAT", required=True
    )
    parser = _command(
        whats, "pocket", _eval_pocket, "Does the pocket model pass its gates?", "eval pocket"
    )
    parser.add_argument(
        "--weights", type=Path, metavar="DIR",
        help="a trained folder, whose gates.json and card are written; without, what ships is measured",
    )  # fmt: skip
    _add_eval_intent(whats)


def _add_eval_intent(whats: Any) -> None:
    _command(
        whats, "intent", _eval_intent,
        "How often is an utterance's intent found without a chat model?", "eval intent",
    )  # fmt: skip


def _eval_intent(_arguments: argparse.Namespace) -> int:
    from workbench.planner import evaluate_intents, labelled_utterances

    report = evaluate_intents(labelled_utterances())
    print(report)
    return 0 if report.overall.accuracy >= INTENT_GATE else 1


def _eval_pocket(arguments: argparse.Namespace) -> int:
    from workbench.evals import evaluate_pocket
    from workbench.models.training import write_card

    options = {"folder": arguments.weights} if arguments.weights else {}
    report = evaluate_pocket(
        load_runner("pocket", **options),
        baselines={"grammar": load_runner("grammar")},
        unguarded=load_runner("pocket", exact_bars=False, **options),
        tell=lambda text: print(text, file=sys.stderr),
    )
    print(report.table())
    if arguments.weights:
        (arguments.weights / "gates.json").write_text(report.to_json() + "\n")
        write_card(arguments.weights)
    return 0 if report.passed else 1


def _add_train(commands: Any) -> None:
    whats = commands.add_parser("train", help="Train a model.").add_subparsers(
        metavar="WHAT", required=True
    )
    parser = _command(
        whats, "pocket", _train_pocket,
        "Train the pocket model; run again after an interruption, it goes on.",
        "train pocket --out runs/pocket --seed 1",
    )  # fmt: skip
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="for the weights, the card and a checkpoint",
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights and data; 0 when not said")
    parser.add_argument("--tokens", type=float, help="training tokens, such as 2e6")


def _train_pocket(arguments: argparse.Namespace) -> None:
    from workbench.models.training import Recipe, Report, train_pocket

    _make_folder(arguments.out)
    if arguments.tokens is not None and arguments.tokens < 1:
        raise RequestError(f"--tokens must be at least 1, such as 2e6; got {arguments.tokens:g}")
    recipe = Recipe(seed=arguments.seed)
    if arguments.tokens:
        recipe = replace(recipe, tokens=int(arguments.tokens))

    def tell(report: Report) -> None:
        left_min = (report.of_tokens - report.tokens) / report.tokens_per_s / 60
        print(
            f"step {report.step}: {report.tokens / 1e6:.2f} of {report.of_tokens / 1e6:.1f} M tokens, "
            f"loss {report.loss:.3f} nats, {report.tokens_per_s:.0f} tokens/s, {left_min:.0f} min left",
            file=sys.stderr,
        )

    train_pocket(arguments.out, recipe, on_report=tell)
    print(arguments.out)


# models and doctor


def _add_models(commands: Any) -> None:
    actions = commands.add_parser("models", help="List and fetch model runners.").add_subparsers(
        metavar="ACTION", required=True
    )
    _command(actions, "list", _models_list, "Every runner and whether it is ready.", "models list")
    parser = _command(
        actions, "pull", _models_pull, "Fetch an Orpheus checkpoint from the hub (1.9 GB).",
        "models pull orpheus-loops",
    )  # fmt: skip
    parser.add_argument("name", help="such as orpheus-loops")


def _models_list(_arguments: argparse.Namespace) -> None:
    from workbench.models.hub import CHECKPOINTS, find_checkpoint
    from workbench.models.judging import CLASSIFIERS
    from workbench.models.registry import RUNNERS

    known = {**CLASSIFIERS, **RUNNERS}
    for name in (*runner_names(), *(name for name in CLASSIFIERS if name not in RUNNERS)):
        ready = "ready"
        if name == "remote":
            ready = read_settings().remote_url or "set WORKBENCH_REMOTE_URL=http://host:2003"
        elif name in CHECKPOINTS:
            path = find_checkpoint(name)
            ready = str(path) if path else f"`workbench models pull {name}` or --checkpoint FILE"
        says = known[name][1] if name in known else OTHERS.get(name, "from another package")
        print(f"{name:<18} {says:<46} {ready}")


def _models_pull(arguments: argparse.Namespace) -> None:
    from workbench.models.hub import pull

    print(pull(arguments.name))


def _add_doctor(commands: Any) -> None:
    _command(
        commands, "doctor", _doctor, "What this installation has, and what it lacks.", "doctor"
    )


def _doctor(_arguments: argparse.Namespace) -> int:
    from workbench.doctor import findings

    problems = 0
    for finding in findings():
        problems += not finding.good
        print(f"{'ok  ' if finding.good else 'BAD '} {finding.what:<14} {finding.says}")
    return 1 if problems else 0
