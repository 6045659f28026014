"""Training of the models that ship in the package."""

from workbench.models.training.card import write_card
from workbench.models.training.pocket import Recipe, Report, train_pocket

__all__ = ["Recipe", "Report", "train_pocket", "write_card"]
