"""The reference's inputs and outputs, by name."""

import json
from pathlib import Path

VECTORS = json.loads((Path(__file__).parent / "vectors" / "plans.json").read_text())
PROMPTS = {case["id"]: case for case in VECTORS["prompts"]}
