"""Training of the models that ship in the package."""

from workbench.models.training.card import write_card
from workbench.models.training.classifier import ClassifierRecipe, fit_classifier
from workbench.models.training.pocket import Recipe, Report, train_pocket

__all__ = [
    "ClassifierRecipe",
    "Recipe",
    "Report",
    "fit_classifier",
    "train_pocket",
    "write_card",
]
