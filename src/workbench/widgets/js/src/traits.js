// Keeps the widget's traits and the transport telling the same. Knows no screen and no sound.

const POSITION_MS = 250; // how often Python hears where the playhead is

const PART_TRAITS = ["muted", "soloed"];

/** Bind both ways; `onView` is called when Python shows something else. Returns how to unbind. */
export function bindTraits(model, transport, choices, onView) {
  const unlisten = new AbortController();
  const { signal } = unlisten;
  const handlers = [];
  let fromPython = false; // what comes from Python is not written back to it

  const write = (values) => {
    if (fromPython) return;
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const read = (name, apply) => {
    const handler = () => {
      fromPython = true;
      apply(model.get(name));
      fromPython = false;
    };
    model.on(`change:${name}`, handler);
    handlers.push([`change:${name}`, handler]);
    return handler;
  };
  const on = (name, listener) => transport.addEventListener(name, listener, { signal });
  const partsNow = () => transport.pieces[transport.piece].tracks.map(({ part }) => part);
  const indices = (set) => partsNow().flatMap((part, i) => (set.has(part) ? [i] : []));
  const parts = (list) => new Set(list.map((i) => partsNow()[i]).filter((part) => part !== undefined));

  const mixReaders = () => [
    ...PART_TRAITS.map((name) => read(name, (list) => transport.setMix({ [name]: parts(list) }))),
    read("volumes", (volumes) => {
      const pairs = partsNow().map((part, i) => [part, volumes[i] ?? 1]);
      transport.setMix({ partVolumes: new Map(pairs) });
    }),
  ];
  const gridReaders = () => [
    read("selected", (piece) => transport.select(piece)),
    read("kept", (kept) => choices.set(kept)),
  ];
  let written = transport.position();
  const tellPosition = () => {
    written = transport.position();
    write({ position: written });
  };
  const has = (name) => model.get(name) !== undefined;
  const readers = [
    read("tempo", (tempo) => tempo !== transport.tempo && transport.setTempo(tempo)),
    read("volume", (volume) => volume !== transport.volume && transport.setVolume(volume)),
    read("loop", (looping) => transport.setLoop(looping)),
    read("loop_region", (region) => transport.setLoop(transport.looping, region)),
    ...(has("muted") ? mixReaders() : []),
    ...(has("kept") ? gridReaders() : []),
    read("position", (position) => position !== written && transport.seek(position)),
  ];
  read("playing", (playing) => (playing ? transport.play() : transport.pause()));
  read("view", onView);

  on("state", () => write({ playing: transport.state === "playing" || transport.state === "loading" }));
  on("state", tellPosition);
  on("seek", tellPosition);
  on("tempo", () => write({ tempo: transport.tempo }));
  on("volume", () => write({ volume: transport.volume }));
  on("loop", () => write({ loop: transport.looping, loop_region: transport.region }));
  if (has("kept")) {
    on("select", () => write({ selected: transport.piece }));
    const listener = () => write({ kept: [...choices.kept].sort((a, b) => a - b) });
    choices.addEventListener("kept", listener, { signal });
  }
  if (has("muted")) on("mix", () =>
    write({
      muted: indices(transport.muted),
      soloed: indices(transport.soloed),
      volumes: partsNow().map((part) => transport.partVolumes.get(part) ?? 1),
    }),
  );
  for (const reader of readers) reader();
  const timer = setInterval(() => transport.state === "playing" && tellPosition(), POSITION_MS);
  return () => {
    clearInterval(timer);
    unlisten.abort();
    for (const [name, handler] of handlers) model.off(name, handler);
  };
}
